// Keys that act wherever the focus is, and the list of them. They never fire while somebody types, with a modifier or in a dialog.

const TYPING = "input:not([type=range], [type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const PRESSED_BY_SPACE = "button, summary, input:not([type=range])";
const REPEATING = ["j", "l", "ArrowLeft", "ArrowRight"];

function isFree(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.shiftKey && event.key !== "?") return false; // A question mark is written with it.
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return false;
  return !(event.key === " " && event.target.closest(PRESSED_BY_SPACE));
}

// Takes what each key does, by the names that events have for them.
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    const act = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || !isFree(event)) return;
    event.preventDefault();
    if (!event.repeat || REPEATING.includes(event.key)) act();
  });
}

export function showKeys() {
  document.querySelector("[data-keys]").showModal();
}
