// What the server does with a segment that is edited, beside its text: one is added after it, it is deleted, somebody else says it.

import { Addition } from "./addition.js";

const MARKS = /(?<=[\p{Letter}\p{Number}])[^\p{Letter}\p{Number}\s]+/uy;

const LEAST_SECONDS = 0.09; // The server wants a tenth; times are here to the hundredth.
const NO_ROOM = "There is no time between these two segments. Write what is missing into one of them.";
const AT_END = "The recording ends here. Write what is missing into the segment.";

// Why nothing can be added after the segment that is edited; nothing where it can, or where only the server knows.
function hindrance({ transcript, segment }) {
  const all = [...transcript.querySelectorAll("[data-segment], .paragraph:has(> .gap) > .moment")];
  const place = all.findIndex(({ dataset }) => dataset.segment === segment);
  const next = all[place + 1];
  const ends = document.getElementById("rest") ? null : document.getElementById("waveform");
  const seconds = (next ?? ends)?.dataset[next ? "start" : "seconds"] - all[place].dataset.end;
  if (seconds < LEAST_SECONDS) return next ? NO_ROOM : AT_END;
  return "";
}

function refuse({ form, field }, sentence) {
  const error = form.querySelector("[data-add-error]");
  error.textContent = sentence;
  field.addEventListener("input", () => (error.textContent = ""), { once: true });
  field.focus();
}

export function add(editor) {
  const { segment, outbox } = editor;
  const sentence = hindrance(editor);
  if (sentence) return refuse(editor, sentence);
  editor.close();
  editor.addition = new Addition(() => editor.passage(segment) ?? editor.passages().at(-1), editor.template, {
    isPressed: () => editor.press.isDown,
    onDone: (text, isLeft, asker) => {
      if (!isLeft) editor.leadTo({ segment, isNew: true, offset: text.length });
      outbox.act(`${outbox.addressOf(segment)}insert`, { text, where: "after" }, asker);
    },
    onLeave: () => editor.open(editor.passage(segment)),
  });
}

export function remove(editor) {
  const { segment, base, outbox } = editor;
  const after = editor.next(1) ?? editor.next(-1);
  outbox.drop(segment);
  editor.field.value = base;
  editor.close({ focus: true });
  editor.leadTo(after ? { segment, open: after.dataset.segment, offset: 0 } : null);
  outbox.act(`${outbox.addressOf(segment)}delete`, { base }, null, [segment]);
}

// The punctuation between a place behind a word and the next one: it is the word's.
export function marksAt(text, place) {
  MARKS.lastIndex = place;
  return MARKS.exec(text)?.[0].length ?? 0;
}

// Who says what is selected in the field, else what follows the caret. What was typed is saved first, and afterwards it is gone on
// with the segment of these words.
export function askWho(editor) {
  const { segment, transcript } = editor;
  const { value, selectionStart: start, selectionEnd: end } = editor.field;
  const from = start + marksAt(value, start);
  const places = [value.slice(from).trim() ? from : 0, end > start ? end : value.length];
  const onLeave = (seconds) => {
    const found = editor.passages().findLast(({ dataset }) => Number(dataset.start) <= seconds) ?? editor.passage(segment);
    editor.open(found, found?.dataset.segment === segment ? start : 0);
  };
  const act = () => {
    const passage = editor.passage(segment);
    if (passage) transcript.dispatchEvent(new CustomEvent("ask-who", { detail: { passage, places, onLeave } }));
  };
  editor.leadTo({ segment, act });
  editor.close({ focus: true });
  if (!editor.outbox.texts.has(segment)) editor.goOn({ segment });
}
