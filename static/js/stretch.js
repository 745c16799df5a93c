// Transcribe a stretch again: what is selected, else the paragraph where the person is. Without this script the times are typed.

import { listen } from "./keys.js";

const SETTLED_MILLISECONDS = 200; // After the button that asks who speaks there, beside which this one stands.
const GAP = 8;
const transcript = document.getElementById("transcript");
const button = document.getElementById("stretch-here");
let last = null; // The paragraph that had the focus, or was clicked, last.
let chosen = [];
let timer;

function link() {
  return document.getElementById("stretch");
}

function selected() {
  const selection = getSelection();
  if (selection.isCollapsed || !selection.rangeCount || !transcript.contains(selection.anchorNode)) return [];
  const range = selection.getRangeAt(0);
  return [...transcript.querySelectorAll("[data-segment]")].filter((passage) => range.intersectsNode(passage));
}

function here() {
  const paragraph = document.activeElement.closest?.(".paragraph") ?? (last?.isConnected ? last : transcript.querySelector(".paragraph"));
  return [...(paragraph?.querySelectorAll("[data-segment]") ?? [])];
}

function ask(passages) {
  if (!link() || document.querySelector("dialog[open]")) return;
  const query = new URLSearchParams(passages.map((each) => ["passage", each.dataset.segment]));
  htmx.ajax("GET", `${link().getAttribute("href")}?${query}`, { target: "#dialog", swap: "innerHTML" });
}

function show() {
  chosen = link() && !document.querySelector("dialog[open], :popover-open") ? selected() : [];
  button.hidden = !chosen.length;
  if (button.hidden) return;
  const beside = document.getElementById("who-here").getBoundingClientRect();
  const lines = [...getSelection().getRangeAt(0).getClientRects()];
  const place = beside.width ? { top: beside.top, left: beside.right + GAP } : { top: (lines.at(-1)?.bottom ?? 0) + GAP, left: lines.at(-1)?.left ?? 0 };
  const { width, height } = button.getBoundingClientRect();
  const isBelow = place.left + width + GAP > innerWidth; // A narrow page has no room for both in one line.
  const end = document.querySelector("[data-player]").getBoundingClientRect().top || innerHeight;
  const below = place.top + height + GAP / 2;
  const top = !isBelow ? place.top : below + height < end ? below : place.top - height - GAP / 2;
  button.style.setProperty("--here-top", `${Math.max(GAP, top)}px`);
  button.style.setProperty("--here-left", `${Math.max(GAP, isBelow ? beside.left : place.left)}px`);
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(show, SETTLED_MILLISECONDS);
}

document.addEventListener("selectionchange", wait);
document.addEventListener("scroll", wait, { passive: true });
transcript.addEventListener("focusin", ({ target }) => (last = target.closest(".paragraph")));
transcript.addEventListener("click", ({ target }) => (last = target.closest(".paragraph") ?? last));
button.addEventListener("mousedown", (event) => event.preventDefault()); // It would end the selection.
button.addEventListener("click", () => {
  button.hidden = true;
  ask(chosen);
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("#stretch") || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const some = selected();
  ask(some.length ? some : here());
});
listen({ stretch: () => ask(selected().length ? selected() : here()) });
