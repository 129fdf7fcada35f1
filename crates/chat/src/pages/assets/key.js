// A server may want a key. It is asked for once, and forgotten with the tab.

import { h } from './dom.js';

let asking = null;

/** Asks for the key; `again`: the one given was not right. All who ask at the same time get the same answer. */
export function askKey(again) {
  asking ??= new Promise((resolve) => {
    const input = h('input', { id: 'key', type: 'password', autocomplete: 'off', required: true });
    const form = h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'key-title' }, 'This server wants a key'),
      h(
        'p',
        again ? 'That key was not taken. ' : '',
        'It is the one that the server was started with. It stays in this tab and is sent to this server only.',
      ),
      h('label', { for: 'key' }, 'Key'),
      input,
      h('p.row', h('button.primary', 'Go on')),
    );
    const dialog = h('dialog.small-dialog', { 'aria-labelledby': 'key-title' }, form);
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    dialog.addEventListener('close', () => {
      dialog.remove();
      asking = null;
      resolve(input.value);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}
