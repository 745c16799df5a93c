// What stands beside the text: open where there is room for it, and its times played.

import { bringIntoSight } from "./sight.js";

const WIDE = matchMedia("(width >= 72rem)");
const media = document.querySelector("[data-media]");

function fold() {
  for (const part of document.querySelectorAll("[data-beside]")) part.open = WIDE.matches;
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
}

// A comment is about what is played, unless somebody has typed another time.
function takeTime(form) {
  const at = form.elements.at;
  if (at.value === at.defaultValue || at.dataset.taken) {
    at.value = clock(media.currentTime);
    at.dataset.taken = "1";
  }
}

// The report comes after its part is opened.
function showReport(report) {
  const part = report.closest("details");
  if (part.open) bringIntoSight(part);
}

fold();
WIDE.addEventListener("change", fold);
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-play-at]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  media.currentTime = Number(link.dataset.playAt);
  media.play().catch(() => {}); // Of a failure the player tells.
});
document.addEventListener("focusin", (event) => {
  const form = event.target.closest("[data-comment-form]");
  if (form && event.target.name === "text" && !event.target.value) takeTime(form);
});
document.addEventListener("input", (event) => {
  if (event.target.name === "at") delete event.target.dataset.taken;
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-escapable]");
  if (form && event.key === "Escape") form.querySelector("[data-escape]").click();
});
document.body.addEventListener("htmx:afterSettle", ({ detail }) => detail.target.id === "report" && showReport(detail.target));
