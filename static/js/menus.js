// Menus are <details>: one closes when another place is clicked or focused, and on Escape, which gives the focus back. The arrow
// keys go through what is in an open one.

const ITEMS = "summary, a[href], button, input, select";
const TAKES_ARROWS = "input:not([type=checkbox]), select";

function openMenus() {
  return document.querySelectorAll("details[data-menu][open]");
}

function closeOthers(event) {
  for (const menu of openMenus()) {
    // Who presses what takes no focus, such as a label in the menu, gives it to the page around.
    const isAround = event.type === "focusin" && event.target.contains(menu);
    if (!isAround && !menu.contains(event.target)) menu.open = false;
  }
}

function closeOnEscape(event) {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
}

function moveOnArrow(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const menu = step && event.target.closest("details[data-menu][open]");
  if (!menu || event.defaultPrevented || event.target.matches(TAKES_ARROWS)) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll(ITEMS)].filter((each) => each.checkVisibility());
  items.at((items.indexOf(event.target) + step) % items.length).focus();
}

// What was chosen is under way: the menu closes, and the focus stays where a dialog can give it back.
function closeAfterChoice(event) {
  const menu = event.target.closest("details[data-menu]");
  if (!menu?.open || event.target === menu) return; // A menu that gets what is in it stays open.
  menu.open = false;
  menu.querySelector("summary").focus();
}

document.addEventListener("click", closeOthers);
document.addEventListener("focusin", closeOthers);
document.addEventListener("keydown", closeOnEscape);
document.addEventListener("keydown", moveOnArrow);
document.addEventListener("htmx:beforeRequest", closeAfterChoice);
