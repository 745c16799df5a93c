// Ctrl+Z takes the last change back, Ctrl+Shift+Z does it again, Ctrl+Enter sends what is written in several lines, and a notice
// can be closed.

import { restoreFocus } from "./focus.js";
import { letterOf } from "./keyboard.js";

const FIELDS = "input, textarea, select, [contenteditable]";

// Ctrl+Z, and Ctrl+Shift+Z or Ctrl+Y.
function wayOf(event) {
  const { ctrlKey, metaKey, altKey, shiftKey } = event;
  if (altKey || !(ctrlKey || metaKey)) return null;
  const letter = letterOf(event).toLowerCase();
  if (letter === "z") return shiftKey ? "redo" : "undo";
  return letter === "y" && !shiftKey ? "redo" : null;
}

function undo(event) {
  const way = wayOf(event);
  if (!way || event.target.closest(FIELDS) || document.querySelector("dialog[open]")) return;
  const button = document.querySelector(`[data-${way}-last]`);
  if (!button) return;
  event.preventDefault();
  htmx.process(button.form); // Right after a swap htmx would not take it yet, and the browser would leave the page.
  button.form.requestSubmit(button);
}

function send(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.isComposing) return;
  const form = event.target.matches("textarea") ? event.target.form : null;
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("button:not([type=button])"));
}

document.addEventListener("keydown", undo);
document.addEventListener("keydown", send);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-close-notice]");
  if (!button) return;
  button.closest(".notice").remove();
  restoreFocus();
});
