// What a key of the table acts on: the first of the page that can be reached, or that of the row where the focus is.

import { GROUPS } from "./keytable.js";
import { bringIntoSight } from "./sight.js";

const WRITTEN_IN = "input:not([type=checkbox], [type=radio], [type=file]), textarea, select";

// The first entry with this key that is `possible` on the open page.
export function entryAt(key, possible) {
  for (const { where, keys } of GROUPS) {
    if (where && !document.querySelector(where)) continue;
    const entry = keys.find((each) => (each.does || each.on) && each.keys.includes(key) && possible(each));
    if (entry) return entry;
  }
  return null;
}

export function targetOf({ on, row }) {
  const root = row ? document.activeElement.closest("[data-row]") : document;
  return root && [...root.querySelectorAll(on)].find(isThere);
}

// It can be seen, or is in something that opens.
export function isThere(element) {
  let seen = element;
  for (let fold = foldOf(element); fold; fold = foldOf(fold)) seen = fold;
  return !element.disabled && seen.checkVisibility();
}

// The closed <details> around it.
function foldOf(element) {
  const box = element.localName === "summary" ? element.parentElement.parentElement : element.parentElement;
  return box?.closest("details:not([open])");
}

export function press(element, { row, stays }) {
  for (let fold = foldOf(element); fold; fold = foldOf(fold)) fold.open = true;
  if (element.localName === "summary") return unfold(element, stays);
  const isField = element.matches(WRITTEN_IN) || (!row && element.matches("[type=checkbox], [type=radio]"));
  if (!isField) {
    htmx.process(element.form ?? element); // Right after a swap htmx would not take it yet, and the browser would leave the page.
    return element.click();
  }
  element.focus();
  element.scrollIntoView({ block: "nearest" });
}

// What is open already is gone to first, and closed only from there: never where it `stays`.
function unfold(summary, stays) {
  const isElsewhere = summary.parentElement.open && (stays || document.activeElement !== summary);
  summary.focus({ preventScroll: true });
  if (!isElsewhere) summary.click();
  bringIntoSight(summary.parentElement);
}
