// Texts that were written, kept as a tree: whoever takes another way can come back.

import { fill, h } from './dom.js';
import { counted, namedToken } from './text.js';

/** A list of branches in `list`, hidden with `part` while there is none; `choose` is called with one of them. */
export function branchList(part, list, choose) {
  const all = [];
  let here = null;

  function draw() {
    part.hidden = all.length === 0;
    const children = (parent) =>
      all.filter((branch) => branch.parent === parent || (parent === null && !all.includes(branch.parent)));
    fill(
      list,
      children(null).map((root) => item(root, children)),
    );
  }

  function item(branch, children) {
    const below = children(branch);
    return h(
      'li',
      h(
        'button',
        { type: 'button', 'aria-current': branch === here ? 'true' : null, onclick: () => choose(branch) },
        h('b', `${branch.number}`),
        ' ',
        h('span.told', told(branch)),
        h('small', counted(branch.tokens.length - branch.from, 'token')),
      ),
      below.length > 0 &&
        h(
          'ol',
          below.map((child) => item(child, children)),
        ),
    );
  }

  return {
    add(branch) {
      branch.number = all.push(branch);
      draw();
    },
    changed: draw,
    current(branch) {
      here = branch;
      draw();
    },
  };
}

function told(branch) {
  const words = branch.tokens
    .slice(branch.from, branch.from + 12)
    .map(namedToken)
    .join('')
    .replaceAll('␣', ' ')
    .trim();
  const before = branch.parent ? `at token ${branch.from + 1}: ` : '';
  return `${before}${words}${branch.tokens.length > branch.from + 12 ? ' …' : ''}`;
}
