// Uploads: files that were chosen or dropped anywhere, each in a request of its own, one after another.
// On the upload page they wait for the button, because there are options to set; elsewhere they start at once.

const box = document.querySelector("[data-uploads]");
const list = box.querySelector("[data-list]");
const summary = box.querySelector("[data-summary]");
const close = box.querySelector("[data-close]");
const template = document.getElementById("upload-item");
const form = document.querySelector("[data-upload-form]");
const input = form?.querySelector("input[type=file]");

const BROKEN = "The connection broke. Nothing was saved.";
const BROKEN_AFTER = "The connection broke. Look in the list of recordings before you try again.";
const EXPIRED = "This page has expired. Nothing was saved. Reload it and try again.";
const SIGNED_OUT = "You are signed out. Nothing was saved. Reload the page and sign in.";
const uploads = [];
let running = false;

function sizeInWords(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${bytes.toFixed(unit > 1 ? 1 : 0)} ${units[unit]}`;
}

// Why there is no answer in JSON: for someone who is signed out the server sends its sign-in page.
function reason(status) {
  if (status >= 500) return `The server failed (${status}). Nothing was saved.`;
  return status === 403 ? EXPIRED : SIGNED_OUT;
}

class Upload {
  constructor(file) {
    this.file = file;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.part(".upload-name").textContent = file.name;
    this.part(".bar").ariaLabel = `Upload of ${file.name}`;
    this.part("[data-cancel]").addEventListener("click", () => this.cancel());
    this.part("[data-retry]").addEventListener("click", () => this.wait());
    list.append(this.element);
    this.show("ready", sizeInWords(file.size));
  }

  part(selector) {
    return this.element.querySelector(selector);
  }

  show(state, note) {
    const hadFocus = this.element.contains(document.activeElement);
    this.state = state;
    this.element.dataset.state = state;
    this.part(".upload-note").textContent = note;
    this.part(".bar").hidden = state !== "sending";
    this.part("[data-cancel]").hidden = !["ready", "waiting", "sending", "refused"].includes(state);
    this.part("[data-cancel]").textContent = ["ready", "refused"].includes(state) ? "Remove" : "Cancel";
    this.part("[data-retry]").hidden = !["failed", "cancelled"].includes(state);
    if (hadFocus) this.part(".actions > :not([hidden])")?.focus();
    summarise();
  }

  wait() {
    this.options = form ? new FormData(form) : new FormData();
    this.options.set("csrfmiddlewaretoken", box.dataset.token);
    this.options.set("recordings", this.file);
    this.show("waiting", "Waits for the others");
    sendAll();
  }

  cancel() {
    if (this.state === "sending") {
      this.request.abort();
      return;
    }
    this.element.remove();
    uploads.splice(uploads.indexOf(this), 1);
    summarise();
  }

  send() {
    this.isSent = false;
    this.show("sending", `0 of ${sizeInWords(this.file.size)}`);
    return new Promise((resolve) => {
      this.request = new XMLHttpRequest();
      this.request.open("POST", box.dataset.url);
      this.request.setRequestHeader("Accept", "application/json");
      this.request.responseType = "json";
      this.request.upload.addEventListener("progress", (event) => this.progress(event));
      this.request.upload.addEventListener("load", () => this.checking());
      this.request.addEventListener("load", () => this.answer());
      this.request.addEventListener("error", () => this.show("failed", this.isSent ? BROKEN_AFTER : BROKEN));
      this.request.addEventListener("abort", () => this.show("cancelled", "Cancelled. Nothing was saved."));
      this.request.addEventListener("loadend", resolve);
      this.request.send(this.options);
    });
  }

  progress(event) {
    this.part(".bar").value = event.total ? (100 * event.loaded) / event.total : 0;
    const loaded = Math.min(event.loaded, this.file.size);
    this.part(".upload-note").textContent = `${sizeInWords(loaded)} of ${sizeInWords(this.file.size)}`;
  }

  // The whole file is sent: from here on the server may have saved it, though its answer is lost.
  checking() {
    this.isSent = true;
    this.part(".bar").value = 100;
    this.part(".upload-note").textContent = "Looking into the file";
  }

  answer() {
    const reply = this.request.response;
    if (this.request.status === 200 && reply?.url) {
      this.show("done", "Uploaded. It will be transcribed.");
      this.part("[data-open]").href = reply.url;
      this.part("[data-open]").ariaLabel = `Open ${reply.title}`;
      this.part("[data-open]").hidden = false;
      document.body.dispatchEvent(new Event("recordings-changed"));
      document.body.dispatchEvent(new Event("queue-changed"));
    } else if (reply?.error) {
      this.show("refused", reply.error); // The same file would be refused again.
    } else {
      this.show("failed", reason(this.request.status));
    }
  }
}

function count(...states) {
  return uploads.filter((upload) => states.includes(upload.state)).length;
}

function summarise() {
  const ready = count("ready");
  const under_way = count("waiting", "sending");
  const done = count("done");
  box.hidden = uploads.length === 0;
  if (input) input.required = ready === 0; // The browser then asks for files itself.
  if (close) close.hidden = under_way > 0;
  const failed = count("failed", "refused");
  if (ready) say(`${ready === 1 ? "1 file" : `${ready} files`} chosen, not sent yet`);
  else if (under_way) say(`${done} of ${done + failed + under_way} uploaded`);
  else if (uploads.length) say([done && `${done} uploaded`, failed && `${failed} failed`].filter(Boolean).join(", ") || "Nothing was uploaded");
}

function say(text) {
  if (summary.textContent !== text) summary.textContent = text;
}

async function sendAll() {
  if (running) return;
  running = true;
  for (let next; (next = uploads.find((upload) => upload.state === "waiting")); ) await next.send();
  running = false;
}

function add(files) {
  const added = [...files].map((file) => new Upload(file));
  uploads.push(...added);
  summarise();
  if (!form) added.forEach((upload) => upload.wait());
}

function chosen() {
  add(input.files);
  input.value = "";
}

function submit(event) {
  const ready = uploads.filter((upload) => upload.state === "ready");
  event.preventDefault();
  ready.forEach((upload) => upload.wait());
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function mark(isDragging) {
  document.documentElement.toggleAttribute("data-dragging", isDragging);
}

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  mark(true);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) mark(false);
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  mark(false);
  add(event.dataTransfer.files);
});
window.addEventListener("beforeunload", (event) => {
  if (count("waiting", "sending")) event.preventDefault();
});
close?.addEventListener("click", () => {
  uploads.splice(0).forEach((upload) => upload.element.remove());
  summarise();
});
input?.addEventListener("change", chosen);
form?.addEventListener("submit", submit);
