// Keys that act wherever the focus is. They never fire while somebody types, with a modifier or in a dialog, and can be switched off.

import { letterOf } from "./keyboard.js";
import { KeyHelp } from "./keyhelp.js";
import { entryAt, isThere, press, targetOf } from "./keytargets.js";

export const TYPING = "input:not([type=range], [type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const PRESSED_BY_SPACE = "button, summary, input:not([type=range])";
const actions = {};
const help = new KeyHelp((entry) => (entry.of ? document.querySelector(entry.of) !== null : canDo(entry)));

function isFree(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.shiftKey && (letterOf(event).length !== 1 || event.key === " ")) return false;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return false;
  return !(event.key === " " && event.target.closest(PRESSED_BY_SPACE));
}

// With Shift a letter is another key; other signs are written with it, each on other keyboards.
function nameOf(event) {
  const key = letterOf(event);
  if (key.length !== 1) return key;
  const isLetter = key.toLowerCase() !== key.toUpperCase();
  return `${event.shiftKey && isLetter ? "Shift+" : ""}${key.toLowerCase()}`;
}

// Whether the open page has what an entry of the table is about.
function canDo({ does, on, row, where }) {
  if (where && !document.querySelector(where)) return false;
  if (does) return does in actions;
  return !on || [...document.querySelectorAll(row ? `[data-row] :is(${on})` : on)].some(isThere);
}

// Takes what scripts do, by the names that the table has for it.
export function listen(more) {
  Object.assign(actions, more);
}

listen({ keys: () => help.show() });
document.addEventListener("keydown", (event) => {
  if (!isFree(event) || help.isOff) return;
  const entry = entryAt(nameOf(event), (each) => (each.does ? canDo(each) : targetOf(each)));
  if (!entry) return;
  event.preventDefault();
  if (event.repeat && !entry.repeats) return;
  if (entry.does) actions[entry.does]();
  else press(targetOf(entry), entry);
});
document.addEventListener("click", ({ target }) => target.closest("[data-show-keys]") && help.show());
document.querySelectorAll("[data-show-keys]").forEach((button) => (button.hidden = false));
