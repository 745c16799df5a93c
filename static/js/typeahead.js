// What is typed while the server is asked for a field: it is held back and written there, instead of acting as keys of the page.

import { tell } from "./connection.js";
import { TYPING } from "./keys.js";

const OPENED = "dialog, [popover], [data-editor], #title";
const LONGEST = 8000;
let typed = null; // What is held, null while nothing is.
let timer;

// From now on until a field opens.
export function hold() {
  typed ??= "";
  clearTimeout(timer);
  timer = setTimeout(release, LONGEST);
}

// No field will open: what was typed is told, so that it is not lost.
export function release() {
  const text = end();
  if (text?.trim()) tell(`“${text.trim()}” was typed before the place for it was there, and is not written.`);
}

function end() {
  const text = typed;
  typed = null;
  clearTimeout(timer);
  return text;
}

function take(event) {
  const { key } = event;
  if (typed === null || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.(`${OPENED}, ${TYPING}`)) return;
  if (key === "Escape") return end();
  if (key.length === 1) typed += key;
  else if (key === "Enter") typed += "\n";
  else if (key === "Backspace") typed = typed.slice(0, -1);
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

// An Enter that came too early is pressed once the rest is there.
function write(field, text) {
  const [line, ...later] = text.split("\n");
  if (line) field.setRangeText(line, field.selectionStart, field.selectionEnd, "end");
  if (line) field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  if (!later.length) return;
  const isTaken = !field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  if (!isTaken && field.localName === "input") field.form?.requestSubmit();
  if (typed !== null) typed = later.join("\n");
}

// After whoever opens it has placed the caret.
function settle(target) {
  if (typed === null) return;
  const text = end();
  const takesText = target.matches(TYPING) && Number.isInteger(target.selectionStart); // A number or a choice does not.
  if (takesText && target === document.activeElement) write(target, text);
}

function isAsking({ target, requestConfig }) {
  return requestConfig.verb === "get" && ["dialog", "who", "title"].includes(target.id);
}

addEventListener("keydown", take, true);
document.addEventListener("focusin", ({ target }) => target.closest(OPENED) && queueMicrotask(() => settle(target)));
document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const isOpen = document.querySelector("dialog[open], :popover-open") || document.activeElement.closest(OPENED);
  if (isAsking(detail) && !isOpen) hold();
});
document.body.addEventListener("htmx:afterRequest", ({ detail }) => isAsking(detail) && detail.failed && release());
