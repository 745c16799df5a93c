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

// Where the text is corrected, its script does it, after all that is under way. A field in which nothing was typed has nothing to
// take back.
function undo(event) {
  const way = wayOf(event);
  const isWritten = event.target.closest(FIELDS) && !("untyped" in event.target.dataset);
  if (!way || isWritten || document.querySelector("dialog[open]")) return;
  const button = document.querySelector(`[data-${way}-last]`);
  if (!button) return;
  event.preventDefault();
  const asked = new CustomEvent("undo-text", { bubbles: true, cancelable: true, detail: button.form.action });
  if (!event.target.dispatchEvent(asked)) return;
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
document.addEventListener("input", ({ target }) => delete target.dataset.untyped);
document.addEventListener("keydown", send);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-close-notice]");
  if (!button) return;
  button.closest(".notice").remove();
  restoreFocus();
});
