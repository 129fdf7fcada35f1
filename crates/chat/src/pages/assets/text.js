// Text of strangers made harmless for people. Escaping is the browser's work (`textContent` only); here it is about
// characters that a browser would act on: the report does the same to what it prints.

const HIDDEN = new RegExp(
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
    '\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]',
  'gu',
);

const hex = (number, digits) => number.toString(16).toUpperCase().padStart(digits, '0');

function picture(char) {
  const code = char.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '\u2421' : `⟨U+${hex(code, 4)}⟩`;
}

/** Shows what cannot be seen: control characters as their pictures, marks that turn or hide text by number. */
export const visible = (text) => String(text).replace(HIDDEN, picture);

const encoder = new TextEncoder();

/** How many bytes a text has in UTF-8. */
export const bytesOf = (text) => encoder.encode(text);

const CODE = /^<\|(image|audio)_(\d+)\|>$/;

/**
 * A token for people. Codes of pictures and sounds have long names, and are shown by number. Where it is a part of a character, its bytes are all there is to show; an end of a line is
 * shown, and ends it.
 */
export function shownToken({ id, text, bytes }) {
  if (bytes && text.includes('\ufffd') && bytesOf(text).join() !== bytes.join()) {
    return `⟨${bytes.map((byte) => hex(byte, 2)).join(' ')}⟩`;
  }
  if (text === '') return `⟨${id}⟩`;
  const [, kind, number] = CODE.exec(text) ?? [];
  if (kind) return `${kind === 'image' ? '▦' : '♪'}${number}`;
  return visible(text.replaceAll('\r\n', '␍\n')).replaceAll('\n', '↵\n').replaceAll('\t', '⇥\t');
}

/** A token in one line, its spaces shown: for lists and sentences. */
export const namedToken = (token) =>
  shownToken(token)
    .replace(/[\n\t]/g, '')
    .replaceAll(' ', '␣');

const whole = new Intl.NumberFormat('en');

/** 12345 as 12,345. */
export const count = (number) => whole.format(Math.round(number));

/** 1835008 as 1.84 M. */
export function short(number) {
  const units = [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k'],
  ];
  const [size, unit] = units.find(([size]) => number >= size) ?? [1, ''];
  if (!unit) return count(number);
  const scaled = size === 1e4 ? number / 1e3 : number / size;
  return `${scaled.toPrecision(3)} ${unit}`;
}

/** 0.1234 as 12.3 %. */
export function percent(share) {
  if (!Number.isFinite(share)) return '–';
  const hundredths = share * 100;
  if (hundredths > 0 && hundredths < 0.01) return '< 0.01 %';
  return `${hundredths < 10 ? hundredths.toFixed(2) : hundredths.toFixed(1)} %`;
}

/** `1 token`, `2 tokens`. */
export const counted = (number, word) => `${count(number)} ${word}${number === 1 ? '' : 's'}`;
