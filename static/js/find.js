// Find in the text of the open transcript: every place is marked, one of them is where the reader is. Without this script the
// same form leads to the page that lists the places.

import { fold } from "./fold.js";

const SETTLED_MILLISECONDS = 120; // While a person still types, nothing is marked.
const MOST = 5000; // Of a letter in a transcript of hours; more are not counted.

const bar = document.querySelector("[data-find]");
const form = bar.querySelector("form");
const field = bar.querySelector("[data-find-field]");
const count = bar.querySelector("[data-find-count]");
const everywhere = bar.querySelector("[data-find-everywhere]");
const buttons = [bar.querySelector("[data-find-previous]"), bar.querySelector("[data-find-next]")];
const transcript = document.getElementById("transcript");
const all = mark("found");
const current = mark("found-here");
let ranges = [];
let at = -1;
let timer;

function mark(name) {
  if (!("highlights" in CSS)) return null;
  const highlight = new Highlight();
  CSS.highlights.set(name, highlight);
  return highlight;
}

// The places of the text in the transcript, in order. One may go on from one passage of a paragraph to the next.
function placesOf(wanted) {
  const found = [];
  for (const paragraph of wanted ? transcript.querySelectorAll(".paragraph > p:not(.gap, .voice)") : []) {
    const { text, starts } = fold(paragraph.textContent);
    for (let place = text.indexOf(wanted); place >= 0; place = text.indexOf(wanted, place + wanted.length)) {
      found.push({ paragraph, start: starts(place), end: starts(place + wanted.length) });
      if (found.length === MOST) return found;
    }
  }
  return found;
}

function rangesOf(places) {
  let nodes = [];
  let paragraph = null;
  return places.map((place) => {
    if (place.paragraph !== paragraph) nodes = textsOf((paragraph = place.paragraph));
    const range = new Range();
    const first = nodes.findLast((node) => node.at <= place.start);
    const last = nodes.findLast((node) => node.at < place.end);
    range.setStart(first.node, place.start - first.at);
    range.setEnd(last.node, place.end - last.at);
    return range;
  });
}

function textsOf(paragraph) {
  const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let offset = 0;
  while (walker.nextNode()) {
    nodes.push({ node: walker.currentNode, at: offset });
    offset += walker.currentNode.length;
  }
  return nodes;
}

function find() {
  clearTimeout(timer);
  const wanted = fold(field.value.trim()).text;
  ranges = rangesOf(placesOf(wanted));
  all?.clear();
  for (const range of ranges) all?.add(range);
  bar.toggleAttribute("data-active", Boolean(wanted));
  buttons.forEach((button) => (button.hidden = !ranges.length));
  everywhere.hidden = !wanted;
  everywhere.href = `${form.action}?${new URLSearchParams({ q: field.value.trim() })}`;
  at = -1;
  current?.clear();
  tell(wanted);
}

function tell(wanted = field.value.trim()) {
  const total = ranges.length === MOST ? `${MOST} or more` : ranges.length;
  count.textContent = !wanted ? "" : at < 0 ? `${total} found` : `${at + 1} of ${total}`;
}

function go(to) {
  if (!ranges.length) return;
  at = (to + ranges.length) % ranges.length;
  const range = ranges[at];
  current?.clear();
  current?.add(range);
  range.startContainer.parentElement.scrollIntoView({ block: "center" });
  tell();
}

// The first place that is not before where the reader is.
function nearest() {
  const top = bar.getBoundingClientRect().bottom;
  const index = ranges.findIndex((range) => range.getBoundingClientRect().bottom > top);
  return Math.max(0, index);
}

function step(by) {
  go(at < 0 ? nearest() - (by < 0 ? 1 : 0) : at + by);
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(find, SETTLED_MILLISECONDS);
}

function press(event) {
  if (event.key !== "Escape") return;
  event.preventDefault();
  const moment = momentHere();
  field.value = "";
  find();
  moment?.focus({ preventScroll: true });
}

// That of the paragraph with the place where the reader is.
function momentHere() {
  const paragraph = ranges[at]?.startContainer.parentElement.closest(".paragraph");
  return (paragraph ?? transcript).querySelector(".moment");
}

// Whoever comes from the search of all recordings sees at once what was found, at the time that the address names.
function begin() {
  const query = new URLSearchParams(location.search);
  if (!query.get("find")) {
    if (field.value) find(); // Typed before this script was there.
    return;
  }
  field.value = query.get("find");
  find();
  const seconds = Number(query.get("t") ?? 0);
  const passages = [...transcript.querySelectorAll("[data-segment]")];
  const passage = passages.findLast((each) => Number(each.dataset.start) <= seconds + 0.01);
  const index = ranges.findIndex((range) => passage && range.comparePoint(passage, 0) <= 0);
  if (!ranges.length) return;
  go(Math.max(0, index));
  if (document.activeElement === document.body) momentHere().focus({ preventScroll: true });
}

bar.querySelector("[data-find-submit]").hidden = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (timer) find();
  timer = undefined;
  step(1);
});
field.addEventListener("input", wait);
field.addEventListener("keydown", (event) => {
  press(event);
  if (event.key !== "Enter" || !event.shiftKey || event.isComposing) return;
  event.preventDefault();
  step(-1);
});
buttons.forEach((button, index) => button.addEventListener("click", () => step(index ? 1 : -1)));
new MutationObserver(() => field.value && find()).observe(transcript, { childList: true });
begin();
