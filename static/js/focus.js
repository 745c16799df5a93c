// A page without a focus sends its reader back to the beginning. Where a change takes away what had it, the focus goes to what
// stands there now, and to what comes next where nothing does; also where the same page is loaded anew.

const REACHABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
const WRITTEN_IN = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";
const LEVELS = 3; // How far around it the place is known; what lies further out is the page.
const page = () => document.getElementById("page") ?? document.getElementById("content-start"); // Ours, and Django's.
let last = null;
let isByKeyboard = false;
let waiting;

function reachable(root) {
  return [...root.querySelectorAll(REACHABLE)].filter((each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility({ visibilityProperty: true }));
}

// Ids, of the element and of what is around it with its number there; and in which second of the text.
function placeOf(target) {
  const moment = target.closest(".paragraph")?.querySelector(".moment");
  if (moment) return { id: target.id, seconds: Number(moment.dataset.start), around: [] };
  const around = [];
  for (let box = target.parentElement?.closest("[id]"); box && box !== page() && around.length < LEVELS; box = box.parentElement.closest("[id]")) {
    around.push({ id: box.id, index: reachable(box).indexOf(target) });
  }
  return { id: target.id, around };
}

function note({ target }) {
  if (!target.closest("dialog, [popover], .messages")) last = placeOf(target);
}

// Whoever changes a text goes on at its end.
function goToEnd() {
  const field = document.activeElement;
  if (field?.matches("textarea[autofocus]") && !field.selectionEnd) field.setSelectionRange(field.value.length, field.value.length);
}

// Whoever gives something another name writes it anew, or goes to where it is to be changed. Never after the first letter.
function selectName({ target }) {
  if (target.matches("[data-overwrite]")) target.select();
}

// Whoever presses where nothing takes the focus has left it of their own will.
function leave({ target }) {
  if (!target.closest(`${REACHABLE}, label, dialog, [popover]`)) last = target.closest(".paragraph") ? placeOf(target) : null;
}

// The browser takes it out of a dialog that has closed only when it draws the page again.
function isNowhere() {
  const active = document.activeElement;
  return !active || active === document.body || Boolean(active.closest("dialog:not([open])"));
}

export function restoreFocus() {
  if (!isNowhere() || document.querySelector(":popover-open")) return;
  const dialog = document.querySelector("dialog[open]");
  const there = dialog ? within(dialog) : last && (same() ?? momentAt(last.seconds) ?? nearest());
  there?.focus({ preventScroll: true });
}

// Once for all that an answer changes.
function restoreSoon() {
  waiting ??= setTimeout(() => {
    waiting = undefined;
    restoreFocus();
  });
}

// Who opened it by a key, without a focus, has one after it.
function afterDialog() {
  restoreFocus();
  if (isNowhere()) page()?.focus({ preventScroll: true });
}

function within(dialog) {
  return dialog.querySelector("[aria-invalid=true], [autofocus]") ?? reachable(dialog)[0];
}

function same() {
  const found = last.id && document.getElementById(last.id);
  return found && !found.disabled && found.checkVisibility() ? found : null;
}

function momentAt(seconds) {
  if (seconds === null || seconds === undefined) return null;
  return [...document.querySelectorAll(".moment")].findLast((moment) => Number(moment.dataset.start) <= seconds);
}

function nearest() {
  return around() ?? page();
}

function around() {
  for (const { id, index } of last.around) {
    const box = document.getElementById(id);
    const items = box ? reachable(box) : [];
    if (items.length) return items[Math.min(Math.max(0, index), items.length - 1)];
    if (box) return after(box);
  }
  return null;
}

function after(box) {
  return reachable(page()).find((each) => box.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING) ?? page();
}

function key() {
  return `selenite.focus ${location.pathname}${location.search}`;
}

function keep() {
  try {
    sessionStorage.setItem(key(), JSON.stringify({ last, isByKeyboard }));
  } catch {
    return; // Storage is full or switched off: the page then begins at its beginning.
  }
}

function kept() {
  try {
    return (!location.hash && JSON.parse(sessionStorage.getItem(key()))) || {};
  } catch {
    return {};
  }
}

// Whoever left the page by keyboard comes back to where they were; so does whoever sent something and is shown the page again. What
// they have to change comes first.
function recall() {
  const before = kept();
  last = before.last ?? null;
  if (!isNowhere()) return;
  const isSent = document.referrer.split("#")[0] === location.href.split("#")[0];
  const found = last && (before.isByKeyboard || isSent) ? (same() ?? around()) : null;
  const isField = found?.matches(WRITTEN_IN); // It takes the keys.
  if (found && (!isField || (isSent && found.id === last.id))) found.focus();
  else if (isSent) (page()?.querySelector("[autofocus]") ?? page())?.focus({ preventScroll: true });
}

document.addEventListener("focusin", note);
document.addEventListener("focusin", selectName);
document.addEventListener("pointerdown", leave);
for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => (isByKeyboard = name === "keydown"), true);
document.addEventListener("close", () => setTimeout(afterDialog), true);
for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap", "action-done"]) {
  document.body.addEventListener(name, restoreSoon);
}
document.body.addEventListener("htmx:afterSettle", goToEnd);
addEventListener("pagehide", keep);
recall();
