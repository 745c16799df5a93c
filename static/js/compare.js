// The page of two versions: from difference to difference by keys or buttons, and play where a time is clicked.

import { listen } from "./keys.js";

const media = document.querySelector("[data-media]");
const steps = document.querySelector("[data-steps]");
const marked = [...document.querySelectorAll("[data-compared] [data-difference]")];
const numbers = [...new Set(marked.map((each) => Number(each.dataset.difference)))];
let now = 0;

function show(number) {
  now = number;
  for (const each of marked) each.toggleAttribute("data-current", Number(each.dataset.difference) === number);
  const first = marked.find((each) => Number(each.dataset.difference) === number);
  first.closest(".compare-row").scrollIntoView({ block: "center" });
  steps.querySelector("[data-at]").textContent = `Difference ${number} of ${steps.dataset.count}`;
}

// From a page of differences to the one beside it, at its first or last one.
function turn(way) {
  const link = document.querySelector(way > 0 ? "a[rel=next]" : "a[rel=prev]");
  if (link) location.assign(`${link.href}#${way > 0 ? "first" : "last"}`);
}

function step(way) {
  if (!numbers.length) return;
  const at = now ? numbers.indexOf(now) + way : way > 0 ? 0 : numbers.length - 1;
  if (numbers[at]) show(numbers[at]);
  else turn(way);
}

function toggle() {
  if (media.paused) media.play().catch(() => {}); // Of a failure the browser's own controls tell.
  else media.pause();
}

function play(event) {
  const link = event.target.closest("[data-play-at]");
  if (!link || !media || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  media.currentTime = Number(link.dataset.playAt);
  media.play().catch(() => {});
}

document.addEventListener("click", play);
const keys = document.querySelector("[data-keys-line]"); // Not on the page of a suggestion.
if (keys) keys.hidden = false;
if (steps) {
  steps.hidden = false;
  steps.addEventListener("click", (event) => step(Number(event.target.closest("[data-step]")?.dataset.step ?? 0)));
  if (location.hash === "#first") step(1);
  else if (location.hash === "#last") step(-1);
}
const differences = { "next-difference": () => step(1), "previous-difference": () => step(-1) };
listen({ ...(steps && differences), ...(media && { toggle }) });
