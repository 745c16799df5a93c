// After a change the focus stays where the person was, Ctrl+Z takes the change back, and its notice can be closed.

const FIELDS = "input, textarea, select, [contenteditable]";
let last = {};

// What had the focus, and in which second of the text, for when it is taken away.
function note({ target }) {
  if (target.closest("dialog, [popover], .messages")) return;
  const moment = target.closest(".paragraph")?.querySelector(".moment");
  last = { id: target.id, seconds: moment ? Number(moment.dataset.start) : null };
}

// A page without a focus sends its reader back to the beginning.
export function restoreFocus() {
  const active = document.activeElement;
  if ((active && active !== document.body) || document.querySelector("dialog[open], :popover-open")) return;
  (document.getElementById(last.id) ?? momentAt(last.seconds) ?? fallback())?.focus({ preventScroll: true });
}

function momentAt(seconds) {
  if (seconds === null || seconds === undefined) return null;
  return [...document.querySelectorAll(".moment")].findLast((moment) => Number(moment.dataset.start) <= seconds);
}

function fallback() {
  return last.id ? document.querySelector("#panel-fold > summary") : null;
}

function undo(event) {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  if (!isUndo || event.target.closest(FIELDS) || document.querySelector("dialog[open]")) return;
  const button = document.querySelector("[data-undo-last]");
  if (!button) return;
  event.preventDefault();
  button.form.requestSubmit(button);
}

export function keepSteady() {
  document.addEventListener("focusin", note);
  document.addEventListener("keydown", undo);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-close-notice]");
    if (!button) return;
    button.closest(".notice").remove();
    restoreFocus();
  });
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap", "action-done"]) {
    document.body.addEventListener(name, () => setTimeout(restoreFocus));
  }
}
