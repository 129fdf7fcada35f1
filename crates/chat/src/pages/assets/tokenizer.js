// The tokenizer's page: a text cut by every tokenizer at hand, side by side, while it is typed.

import { call } from './api.js';
import { at, chips, debounced, fill, h, latest } from './dom.js';
import { showLadder } from './ladder.js';
import { open } from './page.js';
import { problem } from './states.js';
import { bytesOf, count, counted, namedToken } from './text.js';
import { tokenLine } from './tokens.js';

/** Tokens that are shown; a text may have more. */
const MOST = 3000;

const EXAMPLES = {
  Words:
    'Tokenization is at the heart of much weirdness: egg, Egg, EGG and the egg are four different things.',
  Numbers: '127 + 677 = 804\n1275 + 6773 = 8041\n3.14159265358979',
  Languages: 'Good morning, Guten Morgen, доброе утро, おはようございます, صباح الخير, 좋은 아침입니다',
  Code: 'for i in range(1, 101):\n    if i % 3 == 0:\n        print("Fizz")',
  Emoji: 'A wave 👋, a family 👨‍👩‍👧, a flag 🏔️, and a letter with an accent: é is not é.',
  Spaces: 'one two  three   four    five\ttab\n\n\nlines',
};

open((run) => {
  const cards = run.tokenizers.map((name) => card(name));
  fill(
    at('cuts'),
    cards.map((of) => of.element),
  );
  const [text, hint] = [at('text'), at('pointed').textContent];
  text.value = EXAMPLES.Words;

  const cut = latest(
    (signal, value) =>
      Promise.all(
        run.tokenizers.map((tokenizer) => call('/playground/tokenize', { tokenizer, text: value }, signal)),
      ),
    (found, refusal) => {
      fill(at('cut-trouble'), refusal && problem(refusal, () => measured()));
      if (refusal) return;
      const most = Math.max(1, ...found.map(({ tokens }) => tokens.length));
      found.forEach((cutting, i) => cards[i].show(cutting, most));
      at('pointed').textContent = hint;
    },
  );
  const measured = () => {
    const bytes = bytesOf(text.value).length;
    at('measure').textContent =
      `${counted([...text.value].length, 'character')} · ${counted(bytes, 'byte')} in UTF-8 · ${count(bytes * 8)} bits`;
    cut(text.value);
  };
  text.addEventListener('input', debounced(120, measured));
  at('ids').addEventListener('change', (event) => cards.forEach((of) => of.asIds(event.target.checked)));
  fill(
    at('examples'),
    chips(Object.keys(EXAMPLES), (name) => {
      text.value = EXAMPLES[name];
      measured();
    }),
  );
  measured();
  showLadder(run);

  /** One tokenizer's reading. */
  function card(name) {
    let ids = false;
    let cutting = { tokens: [], vocabulary: 0 };
    const [total, rate, bar, more] = [h('b.figure', '–'), h('span.quiet'), h('i'), h('p.quiet')];
    const line = tokenLine(`Tokens of ${name}`, { onpoint: (index) => pointed(name, index) });
    const element = h(
      'article.panel.cut',
      h('header', h('h3', name), h('p', total, ' ', rate)),
      h('div.meter', { 'aria-hidden': 'true' }, bar),
      line.element,
      more,
    );

    const draw = () => {
      line.set(cutting.tokens.slice(0, MOST));
      if (ids)
        line.tokens.forEach(({ id }, i) => {
          line.element.children[i].textContent = `${id} `;
        });
      const left = cutting.tokens.length - MOST;
      more.textContent = left > 0 ? `and ${counted(left, 'token')} more` : '';
    };
    return {
      name,
      element,
      line,
      show(found, most) {
        cutting = found;
        const bytes = found.tokens.reduce((sum, token) => sum + token.bytes.length, 0);
        total.textContent = count(found.tokens.length);
        const each = found.tokens.length ? `${(bytes / found.tokens.length).toFixed(2)} bytes each, ` : '';
        rate.textContent = `${found.tokens.length === 1 ? 'token' : 'tokens'} · ${each}of a vocabulary of ${count(found.vocabulary)}`;
        bar.style.width = `${(100 * found.tokens.length) / most}%`;
        draw();
      },
      asIds(wanted) {
        ids = wanted;
        draw();
      },
    };
  }

  /** Tells about a token, and shows in the other readings what became of the same bytes. */
  function pointed(name, index) {
    const {
      line: { tokens },
    } = cards.find((of) => of.name === name);
    const token = tokens[index];
    const from = tokens.slice(0, index).reduce((sum, { bytes }) => sum + bytes.length, 0);
    const to = from + token.bytes.length;
    const hex = token.bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
    fill(
      at('pointed'),
      h('code.sample-token', namedToken(token)),
      ` is token ${token.id} of ${name}: `,
      `${counted(token.bytes.length, 'byte')}, `,
      h('code', hex),
    );
    for (const { line } of cards) {
      let place = 0;
      line.tokens.forEach(({ bytes }, i) => {
        const meets = place < to && place + bytes.length > from;
        line.element.children[i].classList.toggle('same', meets);
        place += bytes.length;
      });
    }
  }
});
