// The player of the recording page. Without this script the browser's own controls do.

import { Wave } from "./wave.js";
import { SpokenWord } from "./spoken.js";

const media = document.querySelector("[data-media]");
const bar = document.querySelector("[data-player]");
const seek = bar.querySelector("[data-seek]");
const time = bar.querySelector("[data-time]");
const wave = new Wave(bar.querySelector("[data-wave]"), peaks());
const spoken = new SpokenWord(document.getElementById("transcript"));

function peaks() {
  return JSON.parse(document.getElementById("peaks").textContent);
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
}

function takeOver() {
  if (media.localName === "audio") media.controls = false;
  bar.hidden = false;
  bar.querySelectorAll("[hidden]").forEach((element) => (element.hidden = false));
}

function show() {
  const length = Number.isFinite(media.duration) ? media.duration : 0;
  seek.max = length;
  seek.value = media.currentTime;
  seek.ariaValueText = `${clock(media.currentTime)} of ${clock(length)}`;
  time.textContent = `${clock(media.currentTime)} / ${clock(length)}`;
  wave.draw(length ? media.currentTime / length : 0);
}

// Steps that are of use in a recording of hours: the range's own step is for the pointer.
function seekByKey(event) {
  const seconds = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -60, PageUp: 60 }[event.key];
  if (!seconds) return;
  event.preventDefault();
  media.currentTime = Math.max(0, media.currentTime + seconds);
}

function follow() {
  spoken.mark(media.currentTime);
  if (!media.paused) requestAnimationFrame(follow);
}

function showPlaying() {
  bar.toggleAttribute("data-playing", !media.paused);
  bar.querySelector("[data-play-name]").textContent = media.paused ? "Play" : "Pause";
  follow();
}

function playFrom(seconds) {
  media.currentTime = seconds;
  media.play();
}

function fail() {
  time.textContent = "This browser cannot play this file";
  bar.querySelectorAll("button, input, select").forEach((control) => (control.disabled = true));
}

takeOver();
media.addEventListener("timeupdate", show);
media.addEventListener("durationchange", show);
media.addEventListener("play", showPlaying);
media.addEventListener("pause", showPlaying);
media.addEventListener("seeked", follow);
media.addEventListener("error", fail);
if (media.error) fail();
seek.addEventListener("keydown", seekByKey);
seek.addEventListener("input", () => (media.currentTime = Number(seek.value)));
bar.querySelector("[data-play]").addEventListener("click", () => (media.paused ? media.play() : media.pause()));
bar.querySelectorAll("[data-skip]").forEach((button) =>
  button.addEventListener("click", () => (media.currentTime += Number(button.dataset.skip))),
);
bar.querySelector("[data-speed]").addEventListener("change", (event) => {
  media.playbackRate = Number(event.target.value);
});
document.getElementById("transcript").addEventListener("click", (event) => {
  const seconds = spoken.timeAt(event);
  if (seconds === null) return;
  event.preventDefault();
  playFrom(seconds);
});
new ResizeObserver(show).observe(bar);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

// The waveform is known once the recording has been read.
document.body.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "waveform") return;
  wave.take(peaks());
  show();
});
