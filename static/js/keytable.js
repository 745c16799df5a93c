// All keys of all pages: the only list of them. A page looks from the top for the first that it has; `?` shows what it has.
//
// `keys` are called as events call them, with "Shift+" before letters. `on` is what is pressed, opened or written in: with `row` that
// of the row where the focus is; what `stays` is never closed by its key. What comes and goes is listed on a page with what it is `of`. Where it is left out, a script of the page says what `does` does. What has neither is heard elsewhere:
// there `Control` is ⌘ on a keyboard by Apple, and `Alt` is Ctrl and Option, since Option alone writes letters.

const EDITED = "#editing[data-segments]";

const PLAYER = {
  title: "Play",
  keys: [
    { keys: [" ", "k"], does: "toggle", words: "Play or pause" },
    { keys: ["ArrowLeft", "j"], does: "back", words: "Back 5 seconds", repeats: true },
    { keys: ["ArrowRight", "l"], does: "forward", words: "Forward 5 seconds", repeats: true },
    { keys: [","], does: "back-fine", words: "Back 1 second", repeats: true },
    { keys: ["."], does: "forward-fine", words: "Forward 1 second", repeats: true },
    { keys: ["Shift+j"], does: "back-far", words: "Back 15 seconds", repeats: true },
    { keys: ["Shift+l"], does: "forward-far", words: "Forward 15 seconds", repeats: true },
    { keys: ["-"], does: "slower", words: "Slower" },
    { keys: ["+", "="], does: "faster", words: "Faster" },
    { keys: ["o"], does: "loop", words: "Repeat the segment, or what is selected; end it" },
    { keys: ["t"], does: "follow", words: "Go to what is played, and scroll along with it" },
    { keys: ["9"], does: "quieter", words: "Quieter", repeats: true },
    { keys: ["0"], does: "louder", words: "Louder", repeats: true },
    { keys: ["m"], does: "mute", words: "Sound off and on" },
    { keys: ["f"], does: "full-screen", words: "Full screen" },
    { keys: ["Shift+p"], on: "[data-stage-toggle]", words: "Hide or show the video" },
  ],
};

const TEXT = {
  title: "Correct",
  keys: [
    { keys: ["e"], does: "edit", where: EDITED, words: "Edit the text, from where you are; end it" },
    { keys: ["Control z"], where: "[data-undo-last]", words: "Undo the last change" },
    { keys: ["Control Shift z"], where: "[data-redo-last]", words: "Redo it" },
    { keys: ["r"], on: "#replace", words: "Find and replace" },
    { keys: ["h"], on: "#history", words: "History" },
    { keys: ["w"], does: "stretch", where: "#stretch", words: "Transcribe what is selected, or the paragraph, again" },
    { keys: ["Shift+w"], on: "#suggestions a[href$=suggestion]", words: "Look at the suggestion" },
    { keys: ["Shift+f"], on: "#offer-all", of: EDITED, words: "After a correction: the same everywhere here" },
    { keys: ["Shift+g"], on: "#offer-rule", of: EDITED, words: "After a correction: make a rule of it" },
    { keys: ["d"], does: "doubtful-next", where: EDITED, words: "Next doubtful word" },
    { keys: ["Shift+d"], does: "doubtful-previous", where: EDITED, words: "Doubtful word before" },
    { keys: ["a"], does: "doubtful-accept", where: EDITED, words: "The doubtful word is right" },
    { keys: ["x"], does: "doubtful-fix", where: EDITED, words: "Fix the doubtful word" },
    { keys: ["g"], does: "doubtful-fix-all", where: EDITED, words: "Fix it wherever it stands" },
    { keys: ["p"], does: "doubtful-play", where: EDITED, words: "Play the doubtful word again" },
  ],
};

const BESIDE = {
  title: "Beside the text",
  keys: [
    { keys: ["Shift+r"], on: "#title-edit", words: "Rename the recording" },
    { keys: ["Shift+t"], on: "#tag-names", words: "Add a tag" },
    { keys: ["n"], on: "#note-text", words: "Write the note" },
    { keys: ["c"], on: "[data-comment-form] textarea", words: "Comment on the moment that is played" },
    { keys: ["s"], does: "who", where: "#speakers[data-assign]", words: "Say who speaks: in the paragraph, the chosen word’s sentence, or the selected words" },
    { keys: ["Shift+s"], on: "#panel-summary", stays: true, words: "Speakers" },
    { keys: ["i"], on: "#identify", words: "Identify speakers" },
    { keys: ["q"], on: "#quality > summary", words: "Quality report" },
    { keys: ["v"], on: "#version .versions > summary", words: "Versions, and compare them" },
    { keys: ["Shift+e"], on: "#actions [data-export] > summary", words: "Export" },
    { keys: ["Shift+m"], on: "#actions [data-more-actions] > summary", words: "More actions, such as delete" },
  ],
};

const MOMENTS = {
  title: "With the focus on a time of the text",
  where: "#transcript .moment",
  keys: [
    { keys: ["ArrowUp", "ArrowDown"], words: "Paragraph before or after" },
    { keys: ["Home", "End"], words: "First or last paragraph" },
    { keys: ["ArrowLeft", "ArrowRight"], words: "Word before or after" },
    { keys: ["Shift ArrowLeft", "Shift ArrowRight"], where: "#speakers[data-assign]", words: "Select words, to say who speaks them or to transcribe them again" },
    { keys: ["Enter"], words: "Play from there; edit it while the text is edited" },
  ],
};

const SEGMENT = {
  title: "In a segment that you edit",
  where: EDITED,
  keys: [
    { keys: ["Enter"], words: "Split it there; at its end, go to the next one" },
    { keys: ["Backspace", "Delete"], words: "At its start or end: join it with its neighbour" },
    { keys: ["Control Enter"], words: "Save it and leave" },
    { keys: ["Escape"], words: "Leave it as it was" },
    { keys: ["Alt ArrowUp", "Alt ArrowDown"], words: "Segment before or after" },
    { keys: ["Alt a"], words: "Add a segment after it" },
    { keys: ["Alt c"], words: "Change its times" },
    { keys: ["Alt o"], words: "Its history" },
    { keys: ["Alt s"], words: "Say who speaks: the selected words, or all after the caret" },
    { keys: ["Alt x"], words: "Delete it" },
    { keys: ["Alt p"], words: "Play it" },
    { keys: ["Ctrl Space", "Alt k"], words: "Play or pause" },
    { keys: ["Alt j", "Alt l"], words: "Back or forward 5 seconds" },
  ],
};

const COMPARE = {
  title: "Differences",
  keys: [
    { keys: ["n"], does: "next-difference", words: "Next difference" },
    { keys: ["p"], does: "previous-difference", words: "Difference before" },
  ],
};

const SELECTED = {
  title: "With what is selected",
  keys: [
    { keys: ["Shift+x"], on: "[data-bulk] [data-select-page]", words: "Select this page" },
    { keys: ["u"], on: "[data-bulk] [data-select-none]", words: "Select none" },
    { keys: ["Shift+t"], on: "[data-bulk] [value=tag]", words: "Tag" },
    { keys: ["Shift+e"], on: "[data-bulk] [value=export]", words: "Export" },
    { keys: ["Shift+r"], on: "[data-bulk] [value=restart]", words: "Transcribe again" },
    { keys: ["Shift+c"], on: "[data-bulk] [value=cancel]", words: "Cancel transcription" },
    { keys: ["Shift+d"], on: "[data-bulk] [value=delete]", words: "Delete" },
  ],
};

const ROWS = {
  title: "Rows",
  where: "[data-row]",
  keys: [
    { keys: ["j"], does: "next-row", words: "Next one", repeats: true },
    { keys: ["k"], does: "previous-row", words: "The one before", repeats: true },
    { keys: ["Enter"], words: "Open it", where: ".recording-link, .found-hit" },
    { keys: ["x"], on: "[name=recording]", row: true, words: "Select it, or not" },
    { keys: ["m"], on: "[data-menu] > summary", row: true, words: "What can be done with it" },
    { keys: ["Shift+m"], on: ".turn-move button", row: true, words: "Move it to the front" },
    { keys: ["e"], on: "a[title=Edit]", row: true, words: "Edit it" },
    { keys: ["Shift+j"], on: "a[title^=Merge]", row: true, words: "Merge it into another one" },
    { keys: ["Shift+d"], on: "a[title=Delete]", row: true, words: "Delete it" },
    { keys: ["n"], on: "main a[rel=next]", words: "Next page" },
    { keys: ["p"], on: "main a[rel=prev]", words: "Page before" },
  ],
};

const PAGE = {
  title: "On this page",
  keys: [
    { keys: ["f"], on: ".narrow-form [name=q]", words: "Find by title" },
    { keys: ["s"], on: ".narrow-form [name=state]", words: "Narrow down to a state" },
    { keys: ["t"], on: ".narrow-form .narrow-tags > summary", words: "Narrow down to tags" },
    { keys: ["o"], on: ".narrow-form [name=sort]", words: "Order" },
    { keys: ["Shift+f"], on: "[data-filters]", words: "Saved filters" },
    { keys: ["a"], on: "[data-show-all]", words: "Show all" },
    { keys: ["c"], on: "[data-clear]", words: "Clear failed and cancelled ones" },
    { keys: ["f"], on: ".search-filters > summary", words: "Filters" },
    { keys: ["h"], on: "[data-hold] > summary, #resume", words: "Hold or resume the queue" },
    { keys: ["a"], on: ".queue-slots [name=concurrency]", words: "Jobs at once" },
    { keys: ["f"], on: "[data-upload-form] [type=file]", words: "Choose files" },
    { keys: ["t"], on: "[data-fill] :is([type=checkbox], [type=text])", words: "Tags" },
    { keys: ["o"], on: "[data-options] [name=language]", words: "How to transcribe" },
    { keys: ["u"], on: "[data-submit]", words: "Upload and transcribe" },
    { keys: ["i"], on: "[data-import]", words: "Import a recording with its transcript" },
    { keys: ["n"], on: ".tags-new [name=names]", words: "New tags" },
    { keys: ["n"], on: "[data-new-rule]", words: "New rule" },
    { keys: ["i"], on: ".tabs .tab[aria-current] + .tab, .tabs .tab:first-child:not([aria-current])", words: "The next tab" },
    { keys: ["b"], on: "main [data-back]", words: "Back" },
  ],
};

const EVERYWHERE = {
  title: "On every page",
  keys: [
    { keys: ["?"], does: "keys", words: "This list" },
    { keys: ["/"], does: "search", words: "Search; on a page with a text, in the text" },
    { keys: ["1"], on: ".rail-links > :nth-child(1)", words: "Recordings" },
    { keys: ["2"], on: ".rail-links > :nth-child(2)", words: "Search" },
    { keys: ["3"], on: ".rail-links > :nth-child(3)", words: "Upload" },
    { keys: ["4"], on: ".rail-links > :nth-child(4)", words: "Tags" },
    { keys: ["5"], on: ".rail-links > :nth-child(5)", words: "Settings" },
    { keys: ["6"], on: ".rail-top .queue", words: "Queue" },
    { keys: ["7"], on: ".account > summary", words: "Your account, and the system for administrators" },
    { keys: ["Control Enter"], words: "Send what you write in several lines" },
    { keys: ["ArrowUp", "ArrowDown"], where: "[data-menu]", words: "In a menu, what stands before or after" },
    { keys: ["Escape"], words: "Close a menu or a dialog, or leave a field" },
  ],
};

export const GROUPS = [PLAYER, TEXT, BESIDE, MOMENTS, SEGMENT, COMPARE, SELECTED, ROWS, PAGE, EVERYWHERE];
