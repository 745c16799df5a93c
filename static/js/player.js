// The player of the recording page. Without this script the browser's own controls do.

import { DoubtfulWords } from "./doubtful.js";
import { Editing } from "./editing.js";
import { Following } from "./follow.js";
import { HereButton } from "./here.js";
import { listen } from "./keys.js";
import { Loop } from "./loop.js";
import { Memory } from "./memory.js";
import { SpeakerPanel } from "./panel.js";
import { Reading } from "./reading.js";
import { SpokenWord, timeAt } from "./spoken.js";
import { Stage } from "./stage.js";
import { Volume } from "./volume.js";
import { Wave } from "./wave.js";
import { goToPlace } from "./whole.js";
import { WhoMenu } from "./who.js";

const SKIP_SECONDS = 5;
const FINE_SECONDS = 1;
const FAR_SECONDS = 15;
const SAME_SECONDS = 1; // The browser and the server may differ by a frame or two in how long a recording is.

const media = document.querySelector("[data-media]");
const bar = document.querySelector("[data-player]");
const transcript = document.getElementById("transcript");
const seek = bar.querySelector("[data-seek]");
const speed = bar.querySelector("[data-speed]");
const wave = new Wave(bar.querySelector("[data-wave]"), peaks());
const reading = new Reading(transcript, playFrom, (passage) => editing.isOn && (editing.editor.open(passage), true));
const following = new Following(media, bar);
const spoken = new SpokenWord(transcript, {
  onParagraph: (paragraph) => reading.follow(paragraph),
  onPassage: (passage) => following.take(passage),
});
const memory = new Memory(document.querySelector("[data-recording]").dataset.recording, media);
const editing = new Editing(transcript, { toggle, skip: (way) => skip(way * SKIP_SECONDS), playFrom }, here);
const doubtful = new DoubtfulWords(transcript, media, editing);
const who = new WhoMenu(transcript, reading);
const loop = new Loop({ media, bar, transcript, here, length, playFrom });
const volume = new Volume(media, bar);
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
  if (media.paused) return play();
  media.pause();
  const back = Number(bar.dataset.rewind); // As the person has set it.
  if (back) media.currentTime = Math.max(loop.from ?? 0, media.currentTime - back);
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

let frame = 0;

function follow() {
  loop.keep();
  spoken.mark(media.currentTime);
  cancelAnimationFrame(frame); // A jump while it plays begins no second round.
  if (!media.paused) frame = requestAnimationFrame(follow);
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

function changeSpeed(by) {
  const next = speed.options[speed.selectedIndex + by];
  if (next) setSpeed(next.value);
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

const UNKNOWN = "This cannot be played: the file is missing on the server, or this browser does not know its format.";
const COPY_COMES = "This browser does not know the format of this file. A copy that it can play is being made: reload the page in a few minutes.";

function fail() {
  const fault = bar.querySelector("[data-fault]");
  fault.textContent = "copyComes" in fault.dataset ? COPY_COMES : UNKNOWN;
  bar.querySelectorAll("button:not([data-show-keys]), input, select").forEach((control) => (control.disabled = true));
}

// Where a person is: at what has the focus, or was chosen by keyboard; else where it plays.
function here() {
  const isReading = transcript.contains(document.activeElement);
  return isReading || !spoken.paragraph ? reading.here : spoken.passages[spoken.index];
}

function clickText(event) {
  if (event.target.closest("[data-editor]") || editing.take(event)) return;
  const seconds = timeAt(event);
  if (seconds === null) return;
  event.preventDefault();
  playFrom(seconds);
}

new HereButton(who);
new SpeakerPanel(transcript, { now: () => media.currentTime, playFrom });
goToPlace(transcript);
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
bar.querySelectorAll("[data-full-screen]").forEach((button) => button.addEventListener("click", () => stage.fillScreen()));
for (const button of bar.querySelectorAll("[data-skip]")) {
  button.addEventListener("click", () => skip(Number(button.dataset.skip)));
}
listen({
  toggle,
  back: () => skip(-SKIP_SECONDS),
  forward: () => skip(SKIP_SECONDS),
  "back-fine": () => skip(-FINE_SECONDS),
  "forward-fine": () => skip(FINE_SECONDS),
  "back-far": () => skip(-FAR_SECONDS),
  "forward-far": () => skip(FAR_SECONDS),
  slower: () => changeSpeed(-1),
  faster: () => changeSpeed(1),
  mute: () => volume.toggle(),
  quieter: () => volume.change(-1),
  louder: () => volume.change(1),
  loop: () => loop.toggle(),
  follow: () => following.resume(),
  who: () => who.askHere(),
  edit: () => editing.toggle({ begins: true }),
  "doubtful-next": () => doubtful.go(1, { byKey: true }),
  "doubtful-previous": () => doubtful.go(-1, { byKey: true }),
  "doubtful-accept": () => doubtful.accept(),
  "doubtful-fix": () => doubtful.fix(),
  "doubtful-fix-all": () => doubtful.fixAll(),
  "doubtful-play": () => doubtful.play(),
  ...(stage && { "full-screen": () => stage.fillScreen() }),
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
