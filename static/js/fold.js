// Text without case and accents, as the search on the server has it.

const ASCII = /^[\x00-\x7f]*$/;
const ACCENTS = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0640\u1dc0-\u1dff]/g;
const PLAIN = { ß: "ss", ł: "l", ø: "o", đ: "d", ħ: "h", ı: "i", ŧ: "t", æ: "ae", œ: "oe" };

// Returns the folded text, and a function from a place in it to the place in the text.
export function fold(text) {
  if (ASCII.test(text)) return { text: text.toLowerCase(), starts: (place) => place };
  const places = [];
  let folded = "";
  let at = 0;
  for (const letter of text) {
    const small = letter.normalize("NFKD").replace(ACCENTS, "").normalize("NFC").toLowerCase();
    const plain = PLAIN[small] ?? small;
    for (let index = 0; index < plain.length; index += 1) places.push(at);
    folded += plain;
    at += letter.length;
  }
  places.push(text.length);
  return { text: folded, starts: (place) => places[place] };
}
