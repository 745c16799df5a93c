// The note of a recording is saved when typing pauses. Until the server has it, it is kept in this tab, through a dropped connection
// and a reload, and sent again.

import { Saving, pauseAfter } from "./saving.js";

const form = document.querySelector("[data-note]");
const text = form.querySelector("[data-note-text]");
const saving = new Saving(document.getElementById("note-saving"));
const key = `selenite.note.${form.getAttribute("action")}`;
let saved = text.value;
let sent = saved;
let tries = 0;
let again;

function version() {
  return form.querySelector("[name=version]");
}

// What was typed, and over which note.
function remember() {
  try {
    if (text.value === saved) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify({ text: text.value, version: version().value }));
  } catch {
    return; // Storage is full or switched off: then the browser warns of what a reload loses.
  }
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function send() {
  clearTimeout(again);
  if (text.value !== saved) htmx.trigger(form, "submit");
}

// The server has it, or its answer says beside the note why not.
function settle() {
  tries = 0;
  remember();
  saving.show(text.value === saved ? null : "waits");
}

function wait(status) {
  clearTimeout(again);
  tries += 1;
  again = setTimeout(send, pauseAfter(tries));
  saving.show(status === 401 ? "signed-out" : "offline");
}

function drop() {
  saved = text.value;
  settle();
}

text.addEventListener("input", () => {
  remember();
  if (!tries) saving.show("waits");
});
form.addEventListener("htmx:beforeRequest", () => (sent = text.value));
form.addEventListener("htmx:beforeSwap", ({ detail }) => detail.xhr.status === 401 && (detail.shouldSwap = false));
form.addEventListener("htmx:afterRequest", ({ detail: { successful, xhr } }) => {
  if (successful) saved = sent;
  if (successful || [404, 410, 422].includes(xhr.status)) settle();
  else wait(xhr.status);
});
document.addEventListener("click", (event) => event.target.closest("[data-note-drop]") && drop());
addEventListener("online", () => tries && send());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && tries && send());
addEventListener("beforeunload", (event) => {
  if (text.value !== saved) event.preventDefault();
});

const kept = recall();
if (kept && kept.text !== saved) {
  text.value = kept.text;
  version().value = kept.version;
  saving.show("waits");
  addEventListener("load", send); // From then on htmx hears it.
}
