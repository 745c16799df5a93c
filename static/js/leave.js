// Escape leads out of a field, back to where its reader was: while the focus is in one, what is typed is text and no key.

import { TYPING } from "./keys.js";

const OWN = "dialog, [popover], details[data-menu][open], [data-escapable]"; // These end on Escape by themselves.
let before = null;

function back() {
  const there = before?.id ? document.getElementById(before.id) : before;
  return there?.isConnected && there.checkVisibility() ? there : document.getElementById("page");
}

document.addEventListener("focusin", ({ target }) => {
  if (!target.closest(`${TYPING}, ${OWN}`)) before = target;
});
// After everything else that hears it, and not where that has led elsewhere. What is written in the field stays.
addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key !== "Escape" || event.defaultPrevented || event.isComposing || target !== document.activeElement) return;
  if (!target.matches(TYPING) || target.closest(OWN)) return;
  event.preventDefault();
  back().focus({ preventScroll: true });
});
