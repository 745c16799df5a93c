// One file on its way: its line in the list, its request, and in words what is known of it.

import { token } from "./session.js";

// True now and later, however long the page stays open.
const UPLOADED = "Uploaded. Open it to see its transcript.";
const AGAIN = "Sent to be transcribed again. Open it to see how far it is.";
const NOTHING_SAVED = "Nothing was saved.";
const MAYBE_SAVED =
  "The file was sent completely; it may have been saved. Look in the recordings before you send it again.";
const SIGNED_OUT = "You were signed out. Sign in again in another tab, then press Try again.";
const OUT_OF_DATE = "This page is out of date. Nothing was saved. Reload it and choose the file again.";
const CANCELLABLE = ["ready", "waiting", "sending", "refused", "known"];
const CANCEL_NAMES = { ready: "Remove", refused: "Dismiss", known: "Dismiss" };
const RETRIABLE = ["failed", "cancelled", "signed-out"];

const template = document.getElementById("upload-item");

function sizeInWords(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${Number(bytes.toFixed(unit > 1 ? 1 : 0))} ${units[unit]}`;
}

export class Upload {
  // `onChange` is called after each change of state, `onWait` when the file shall be sent; `options` returns what is chosen.
  constructor(file, { onChange, onWait, options }) {
    this.file = file;
    this.onChange = onChange;
    this.onWait = onWait;
    this.chosen = options;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.part(".upload-name").textContent = file.name;
    this.part(".bar").ariaLabel = `Upload of ${file.name}`;
    this.part("[data-cancel]").addEventListener("click", () => this.cancel());
    this.part("[data-retry]").addEventListener("click", () => this.wait());
    this.part("[data-again]").addEventListener("click", () => this.transcribeAgain());
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
    this.part("[data-cancel]").hidden = !CANCELLABLE.includes(state);
    this.part("[data-cancel]").textContent = CANCEL_NAMES[state] ?? "Cancel";
    this.part("[data-sign-in]").hidden = state !== "signed-out";
    this.part("[data-retry]").hidden = !RETRIABLE.includes(state);
    this.part("[data-again]").hidden = state !== "known";
    this.part("[data-open]").hidden = !["done", "known"].includes(state);
    if (hadFocus) this.part(".actions > :not([hidden])")?.focus();
    this.onChange();
  }

  wait() {
    this.show("waiting", "Waiting for its turn");
    this.onWait(this);
  }

  cancel() {
    if (this.state === "sending") {
      this.request.abort();
      return;
    }
    this.state = "removed";
    this.element.remove();
    this.onChange();
  }

  send(url, options) {
    this.isSent = false;
    this.show("sending", `0 of ${sizeInWords(this.file.size)}`);
    options.set("csrfmiddlewaretoken", token());
    options.set("recordings", this.file);
    return new Promise((resolve) => {
      this.request = new XMLHttpRequest();
      this.request.open("POST", url);
      this.request.setRequestHeader("Accept", "application/json");
      this.request.responseType = "json";
      this.request.upload.addEventListener("progress", (event) => this.progress(event));
      this.request.upload.addEventListener("load", () => this.checking());
      this.request.addEventListener("load", () => this.answer());
      this.request.addEventListener("error", () => this.stop("failed", "The connection broke."));
      this.request.addEventListener("abort", () => this.stop("cancelled", "Cancelled."));
      this.request.addEventListener("loadend", resolve);
      this.request.send(options);
    });
  }

  progress(event) {
    this.part(".bar").value = event.total ? (100 * event.loaded) / event.total : 0;
    const loaded = Math.min(event.loaded, this.file.size);
    this.part(".upload-note").textContent = `${sizeInWords(loaded)} of ${sizeInWords(this.file.size)}`;
  }

  checking() {
    this.isSent = true;
    this.part(".bar").value = 100;
    this.part(".upload-note").textContent = "Checking the file";
  }

  // Once the whole file is sent, the server may have saved it though its answer is lost.
  stop(state, sentence) {
    this.show(state, `${sentence} ${this.isSent ? MAYBE_SAVED : NOTHING_SAVED}`);
  }

  answer() {
    const { status, response } = this.request;
    if (status === 200 && response?.known) this.offer(response);
    else if (status === 200 && response?.url) this.done(UPLOADED, response);
    else if (status === 401) this.show("signed-out", SIGNED_OUT);
    else if (status === 403) this.show("failed", OUT_OF_DATE);
    else if (response?.passes) this.show("failed", response.error);
    else if (response?.error) this.show("refused", response.error); // The same file would be refused again.
    else this.stop("failed", `The server could not take the file (${status}).`);
  }

  link({ url, title }) {
    this.part("[data-open]").href = url;
    this.part("[data-open]").ariaLabel = `Open ${title}`;
  }

  // The recording is here already: it can be opened, or transcribed again with what is chosen now.
  offer(response) {
    this.again = response.again;
    this.link(response);
    this.show("known", response.known);
  }

  async transcribeAgain() {
    const options = this.chosen();
    options.delete("recordings");
    options.set("csrfmiddlewaretoken", token());
    this.part("[data-again]").disabled = true;
    try {
      const answer = await fetch(this.again, { method: "POST", body: options, headers: { Accept: "application/json" } });
      const reply = await answer.json();
      if (answer.ok) this.done(AGAIN, reply);
      else this.show("refused", reply.error ?? OUT_OF_DATE);
    } catch {
      this.show("known", "The connection broke. Try again.");
    }
    this.part("[data-again]").disabled = false;
  }

  done(note, response) {
    this.link(response);
    this.show("done", note);
    document.body.dispatchEvent(new Event("recordings-changed"));
    document.body.dispatchEvent(new Event("queue-changed"));
  }
}
