// What a key does in the field of a segment; what is pressed with others does the same at what stands below it.

import { add, askWho, remove } from "./editoracts.js";
import { IS_APPLE, letterOf } from "./keyboard.js";

// Takes a keydown and the editor; returns what is to be done, nothing where the field itself takes the key.
export function actOf(event, editor) {
  const { value, selectionStart: start, selectionEnd: end } = editor.field;
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  if (!isPlain) return modified(event, editor);
  if (event.target !== editor.field) return null;
  return plain(event.key, editor, start === end && start === 0, start === end && end === value.length);
}

function plain(key, editor, isStart, isEnd) {
  const here = () => editor.passage(editor.segment);
  if (key === "Escape") return () => editor.revert();
  if (key === "Enter") return () => (isEnd ? editor.go(1) : editor.split());
  if (isStart && key === "Backspace") return () => editor.join(editor.next(-1), here());
  if (isEnd && key === "Delete") return () => editor.join(here(), editor.next(1));
  if (isStart && key === "ArrowUp") return () => editor.go(-1);
  if (isEnd && key === "ArrowDown") return () => editor.go(1);
  return null;
}

// Never where a character is written, as by Option, or by AltGr in the place of Alt.
function modified(event, editor) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  const isControl = (ctrlKey || metaKey) && !altKey && !shiftKey;
  if (isControl && key === "Enter") return () => editor.close({ focus: true });
  if (isControl && key === " ") return () => editor.player.toggle();
  if (!altKey || ctrlKey !== IS_APPLE || metaKey || shiftKey) return null;
  if (key === "ArrowUp") return () => editor.go(-1);
  if (key === "ArrowDown") return () => editor.go(1);
  return {
    j: () => editor.player.skip(-1),
    k: () => editor.player.toggle(),
    l: () => editor.player.skip(1),
    a: () => add(editor),
    c: () => editor.form.querySelector("[data-times]").click(),
    o: () => editor.form.querySelector("[data-more]").click(),
    x: () => remove(editor),
    p: () => editor.player.playFrom(editor.times[0]),
    s: () => askWho(editor),
  }[letterOf(event).toLowerCase()];
}

// What the buttons are called after: on a keyboard by Apple other keys are pressed.
export function nameKeys(template) {
  if (!IS_APPLE) return;
  for (const each of template.content.querySelectorAll("[title]")) each.title = each.title.replace("(Alt+", "(Ctrl+Option+");
}
