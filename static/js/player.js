// The player of the recording page. Without this script the browser's own controls do.

import { HereButton } from "./here.js";
import { listen, showKeys } from "./keys.js";
import { keepSteady } from "./steady.js";
import { Memory } from "./memory.js";
import { SpeakerPanel } from "./panel.js";
import { Reading } from "./reading.js";
import { SpokenWord, timeAt } from "./spoken.js";
import { Stage } from "./stage.js";
import { Wave } from "./wave.js";
import { WhoMenu } from "./who.js";

const SKIP_SECONDS = 5;
const SAME_SECONDS = 1; // The browser and the server may differ by a frame or two in how long a recording is.

const media = document.querySelector("[data-media]");
const bar = document.querySelector("[data-player]");
const transcript = document.getElementById("transcript");
const seek = bar.querySelector("[data-seek]");
const speed = bar.querySelector("[data-speed]");
const wave = new Wave(bar.querySelector("[data-wave]"), peaks());
const reading = new Reading(transcript, playFrom);
const spoken = new SpokenWord(transcript, (paragraph) => reading.follow(paragraph));
const memory = new Memory(document.querySelector("[data-recording]").dataset.recording, media);
const who = new WhoMenu(transcript, reading);
const stage = media.localName === "video" ? new Stage(document.querySelector("[data-stage]"), media, toggle) : null;

function peaks() {
  return JSON.parse(document.getElementById("peaks").textContent);
}

// The length that the rest of the page tells. The browser goes by what the file announces: of one that breaks off there is less,
// which is known once it was read and has its waveform.
function length() {
  const known = Number(document.getElementById("waveform").dataset.seconds ?? 0);
  if (wave.isKnown || !Number.isFinite(media.duration)) return known;
  return Math.abs(known - media.duration) < SAME_SECONDS ? known : media.duration;
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
}

function takeOver() {
  media.controls = false;
  bar.hidden = false;
  bar.querySelectorAll("[hidden]").forEach((element) => (element.hidden = false));
}

function show() {
  const end = length();
  const now = Math.min(media.currentTime, end);
  seek.max = end;
  seek.value = now;
  seek.ariaValueText = `${clock(now)} of ${clock(end)}`;
  bar.querySelector("[data-now]").textContent = clock(now);
  bar.querySelector("[data-length]").textContent = clock(end);
  wave.draw(end ? now / end : 0);
}

function play() {
  media.play().catch(() => {}); // Paused again at once, or a failure: of that the error event tells.
}

function toggle() {
  if (media.paused) play();
  else media.pause();
}

function skip(seconds) {
  media.currentTime = Math.max(0, media.currentTime + seconds);
}

// Steps that are of use in a recording of hours: the range's own step is for the pointer.
function seekByKey(event) {
  const seconds = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -60, PageUp: 60 }[event.key];
  if (!seconds || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  skip(seconds);
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
  play();
}

function setSpeed(rate) {
  speed.value = String(rate);
  if (!speed.value) speed.value = "1"; // Not one that can be chosen.
  media.defaultPlaybackRate = media.playbackRate = Number(speed.value);
}

// An address that says where to start outranks what is remembered.
function begin() {
  const linked = media.getAttribute("src").split("#t=")[1];
  const { at, speed } = memory.recall();
  setSpeed(speed);
  const start = Number(linked ?? at);
  if (start) media.currentTime = start; // At the beginning, no word is marked before it is spoken.
  show();
  if (!start) return;
  spoken.mark(start);
  if (linked && !location.hash) spoken.paragraph?.scrollIntoView({ block: "center" });
}

function fail() {
  bar.querySelector("[data-fault]").textContent = "This cannot be played: the file is missing on the server, or this browser does not know its format.";
  bar.querySelectorAll("button:not([data-show-keys]), input, select").forEach((control) => (control.disabled = true));
}

function clickText(event) {
  const seconds = timeAt(event);
  if (seconds === null) return;
  event.preventDefault();
  playFrom(seconds);
}

new HereButton(who);
new SpeakerPanel(transcript, { now: () => media.currentTime, playFrom });
keepSteady();
takeOver();
show();
if (media.readyState) begin();
else media.addEventListener("loadedmetadata", begin, { once: true });
if (media.error) fail();
media.addEventListener("error", fail);
media.addEventListener("timeupdate", show);
media.addEventListener("durationchange", show);
media.addEventListener("play", showPlaying);
media.addEventListener("pause", showPlaying);
media.addEventListener("seeked", follow);
seek.addEventListener("keydown", seekByKey);
seek.addEventListener("input", () => (media.currentTime = Number(seek.value)));
speed.addEventListener("change", () => setSpeed(Number(speed.value)));
transcript.addEventListener("click", clickText);
bar.querySelector("[data-play]").addEventListener("click", toggle);
bar.querySelector("[data-show-keys]").addEventListener("click", showKeys);
bar.querySelector("[data-full-screen]")?.addEventListener("click", () => stage.fillScreen());
for (const button of bar.querySelectorAll("[data-skip]")) {
  button.addEventListener("click", () => skip(Number(button.dataset.skip)));
}
listen({
  " ": toggle,
  k: toggle,
  j: () => skip(-SKIP_SECONDS),
  l: () => skip(SKIP_SECONDS),
  ArrowLeft: () => skip(-SKIP_SECONDS),
  ArrowRight: () => skip(SKIP_SECONDS),
  "?": showKeys,
  s: () => who.askHere(),
  ...(stage && { f: () => stage.fillScreen() }),
});
new ResizeObserver(() => {
  wave.measure();
  show();
}).observe(bar);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  wave.measure();
  show();
});

// The waveform is known once the recording has been read.
document.body.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "waveform") return;
  wave.take(peaks());
  show();
});
