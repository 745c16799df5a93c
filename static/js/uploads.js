// Uploads: files that were chosen or dropped anywhere, each in a request of its own, one after another.
// On the upload page they wait for the button, because there are options to set; elsewhere they start at once.

import { Upload } from "./upload.js";

const box = document.querySelector("[data-uploads]");
const list = box.querySelector("[data-list]");
const summary = box.querySelector("[data-summary]");
const close = box.querySelector("[data-close]");
const form = document.querySelector("[data-upload-form]");
const input = form?.querySelector("input[type=file]");
const submit = form?.querySelector("[data-submit]");
const part = (name) => form.querySelector(`[data-${name}]`);

const UNDER_WAY = ["waiting", "sending", "signed-out"];
let uploads = [];
let running = false;

function count(...states) {
  return uploads.filter((upload) => states.includes(upload.state)).length;
}

function plural(number) {
  return number === 1 ? "1 file" : `${number} files`;
}

function inWords() {
  const [ready, underWay, done, failed] = [count("ready"), count(...UNDER_WAY), count("done"), count("failed", "refused")];
  const known = count("known");
  if (ready) return `${plural(ready)} chosen, not sent yet`;
  if (underWay) return `${done} of ${done + known + failed + underWay} uploaded`;
  const parts = [done && `${done} uploaded`, known && `${known} here already`, failed && `${failed} not uploaded`];
  return parts.filter(Boolean).join(", ") || "Nothing was uploaded";
}

function summarise() {
  uploads = uploads.filter((upload) => upload.state !== "removed");
  box.hidden = uploads.length === 0;
  if (close) close.hidden = count("waiting", "sending") > 0;
  if (form) offerNextStep();
  const text = inWords();
  if (summary.textContent !== text) summary.textContent = text;
}

// When all are sent, the way on is to the recordings, and there is nothing left that the options could be for. What is sent was
// sent with the options of that moment: they say so where others are still to come.
function offerNextStep() {
  const isSent = count("done", "known", ...UNDER_WAY) > 0;
  const isOver = count("done", "known") > 0 && count("ready", "failed", ...UNDER_WAY) === 0;
  const hadFocus = document.activeElement === submit;
  input.required = count("ready") === 0; // The browser then asks for files itself.
  part("go").hidden = !isOver;
  part("send").hidden = isOver;
  part("options").hidden = isSent && count("ready", "known", "failed", "cancelled") === 0;
  part("later").hidden = !isSent;
  if (isOver && hadFocus) part("go").querySelector("a").focus();
}

// Who is signed out sends nothing more before signing in again: it would be in vain.
async function sendAll() {
  if (running) return;
  running = true;
  for (let next; (next = uploads.find((upload) => upload.state === "waiting")); ) {
    await next.send(box.dataset.url, next.options);
    if (next.state === "signed-out") break;
  }
  running = false;
}

function options() {
  const chosen = form ? new FormData(form) : new FormData();
  chosen.set("person", box.dataset.person);
  return chosen;
}

function wait(upload) {
  upload.options = options();
  sendAll();
}

function add(files) {
  const added = [...files].map((file) => new Upload(file, { onChange: summarise, onWait: wait, options }));
  list.append(...added.map((upload) => upload.element));
  uploads.push(...added);
  summarise();
  if (!form) added.forEach((upload) => upload.wait());
}

function chosen() {
  add(input.files);
  input.value = "";
}

// What cannot be done is said before anything is sent.
function sendReady(event) {
  event.preventDefault();
  const wrong = form.querySelector("[aria-invalid]");
  if (form.querySelector(".htmx-request")) {
    // What was written last is being looked at.
    document.body.addEventListener("htmx:afterSettle", () => form.requestSubmit(), { once: true });
  } else if (wrong) {
    for (let fold = wrong.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    wrong.focus();
  } else uploads.filter((upload) => upload.state === "ready").forEach((upload) => upload.wait());
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
  if (count(...UNDER_WAY)) event.preventDefault();
});
// A fragment of someone who is signed out reloads its page, which would lose the files that are not sent.
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Refresh") && count("ready", ...UNDER_WAY)) event.preventDefault();
});
close?.addEventListener("click", () => uploads.forEach((upload) => upload.cancel()));
input?.addEventListener("change", chosen);
form?.addEventListener("submit", sendReady);
