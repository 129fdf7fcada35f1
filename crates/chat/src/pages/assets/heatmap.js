// Pictures of attention: squares of cells, small and large.

import { namedToken } from './text.js';

/** A colour of the page as three numbers. */
export const colour = (name) => {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
};

/** A square of so many cells, each a pixel. The root brings out what is small. */
export function paint(canvas, size, share, ink, paper) {
  const image = new ImageData(size, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const much = j <= i ? Math.sqrt(share(i, j)) : 0;
      const at = (i * size + j) * 4;
      for (let part = 0; part < 3; part++)
        image.data[at + part] = paper[part] + (ink[part] - paper[part]) * much;
      image.data[at + 3] = 255;
    }
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
}

/** Pixels for names on both sides. */
const LABELS = 92;
const cellOf = (size) => Math.max(11, Math.min(38, Math.floor(440 / size)));

/** Which row of the large picture a pointer is on. */
export function rowAt(canvas, event, size) {
  const y = (event.offsetY * (LABELS + cellOf(size) * size)) / canvas.clientHeight - LABELS;
  return Math.max(0, Math.min(size - 1, Math.floor(y / cellOf(size))));
}

/** A head with its tokens on both sides, and the row of the token that looks. Gives the picture in words. */
export function large(canvas, tokens, share, query) {
  const [size, cell, scale] = [tokens.length, cellOf(tokens.length), window.devicePixelRatio || 1];
  const side = LABELS + cell * size;
  Object.assign(canvas, { width: side * scale, height: side * scale });
  Object.assign(canvas.style, { width: `${side}px`, height: `${side}px` });
  const pen = canvas.getContext('2d');
  const css = getComputedStyle(document.documentElement);
  const of = (name) => css.getPropertyValue(name).trim();
  pen.scale(scale, scale);
  const cells = document.createElement('canvas');
  cells.width = cells.height = size;
  paint(cells, size, share, colour('--a'), colour('--card'));
  pen.imageSmoothingEnabled = false;
  pen.drawImage(cells, LABELS, LABELS, cell * size, cell * size);
  pen.strokeStyle = of('--rule');
  pen.strokeRect(LABELS - 0.5, LABELS - 0.5, cell * size + 1, cell * size + 1);
  pen.strokeStyle = of('--b');
  pen.lineWidth = 2;
  pen.strokeRect(LABELS, LABELS + query * cell, (query + 1) * cell, cell);
  pen.font = `${Math.min(12, cell)}px ${of('--mono')}`;
  pen.textBaseline = 'middle';
  tokens.forEach((token, i) => {
    const name = [...namedToken(token)].slice(0, 11).join('');
    const middle = LABELS + (i + 0.5) * cell;
    pen.fillStyle = of(i === query ? '--b' : '--quiet');
    pen.textAlign = 'right';
    pen.fillText(name, LABELS - 6, middle);
    pen.save();
    pen.translate(middle, LABELS - 6);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = 'left';
    pen.fillStyle = of('--quiet');
    pen.fillText(name, 0, 0);
    pen.restore();
  });
  return `attention of ${size} tokens to those before them; the table beside it has the numbers of the chosen one`;
}
