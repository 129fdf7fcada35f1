// What a person does on each page. `check` looks at how it is then.

/** Fails unless it is so. */
function expect(so, what) {
  if (!so) throw new Error(`expected ${what}`);
}

const settled = (page) => page.waitForFunction(() => !document.querySelector('.loading, [aria-busy="true"]'));

async function overview({ page, check, address }) {
  await page.goto(address);
  await page.waitForSelector('.lineage li');
  expect((await page.locator('.snippet pre').count()) === 2, 'two ways to call the API');
  await page.keyboard.press('Tab');
  expect(
    await page.evaluate(() => document.activeElement.className === 'skip'),
    'a way past the navigation first',
  );
  await check('whole');
}

async function tokenizer({ page, check, address }) {
  await page.goto(`${address}/tokenizer`);
  await page.waitForSelector('.cut .token');
  await page.fill('#text', 'A river \u{1f332} runs\u202e to\u200b the sea.\n\tTwice.');
  await page.waitForFunction(() => /U\+202E|E2/.test(document.querySelector('.cut .tokens').textContent));
  expect(!/[\u200b\u202e]/.test(await page.textContent('#cuts')), 'nothing that turns or hides text');
  await page.focus('.cut .token');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  expect((await page.textContent('#pointed')).includes('is token'), 'to be told about the focused token');
  await page.fill('#word', 'the town of the');
  await page.waitForSelector('.block');
  await page.focus('#step');
  await page.keyboard.press('ArrowRight');
  await page.click('summary:has-text("All merges")');
  await check('ladder');
  await page.check('#ids');
  await page.fill('#text', '');
  await page.fill('#word', '');
  await page.waitForFunction(() => document.querySelectorAll('.cut .token').length === 0);
  await check('empty');
}

async function base({ page, check, address }) {
  await page.goto(`${address}/base`);
  await page.waitForSelector('button.bar');
  await check('before');
  await page.fill('#most', '24');
  await page.click('#go');
  await page.waitForSelector('#branches li');
  await settled(page);
  await page.waitForSelector('button.bar');
  const shown = () => page.locator('.text .token').allTextContents();
  const first = await shown();
  await page.focus('#knob-temperature');
  for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowLeft');
  await page.fill('#knob-top_k', '5');
  await page.waitForSelector('.bar.off');
  await page
    .locator('.text .token')
    .nth(Math.max(2, first.length - 8))
    .click();
  await page.waitForSelector('.bar.here, #odds-place:has-text("Instead")');
  await check('bars');
  await page.locator('button.bar:not(.here)').first().click();
  await page.waitForFunction(() => document.querySelectorAll('#branches li').length === 2);
  await settled(page);
  await page.waitForSelector('button.bar');
  await check('branch');
  await page.locator('#branches button').first().click();
  expect((await shown()).join() === first.join(), 'the first text again');
}

async function inside({ page, check, address }) {
  await page.goto(`${address}/inside`);
  await page.waitForSelector('#heads button[aria-pressed="true"]');
  await page.fill('#text', 'The old bridge near the town was built by the people of the town.');
  await page.waitForFunction(() => document.querySelectorAll('#looks .token').length > 9);
  await page.focus('#heads button[aria-pressed="true"]');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.locator('#looks .token').nth(6).click();
  expect((await page.locator('#looked tbody tr').count()) > 0, 'numbers for the chosen token');
  await page.locator('.lens td').nth(4).click();
  await page.keyboard.press('ArrowRight');
  expect((await page.locator('#guess .bar').count()) === 5, 'five guesses');
  await check('whole');
}

async function chat({ page, check, address }) {
  await page.goto(`${address}/chat`);
  await page.waitForSelector('.talk');
  await check('before');
  await page.click('summary:has-text("Settings")');
  await page.fill('#most', '40');
  await page.fill('#seed', '7');
  await page.fill('#system', '');
  await check('settings');
  await page.click('summary:has-text("Settings")');
  const models = await page.locator('.talk').count();
  if (await page.locator('#add').isVisible()) await page.click('#add');
  await page.fill('#question', 'What is 12 + 30?');
  await page.keyboard.press('Enter');
  await page.waitForFunction((least) => document.querySelectorAll('.stats button').length >= least, models);
  await settled(page);
  await check('answers');
  await page.locator('.stats button').last().focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('.x-tokens .token');
  await page.locator('.x-tokens .token').nth(1).hover();
  await check('dialog-probability');
  for (const view of ['taught', 'role', 'learned']) {
    await page.check(`[name="xray-view"][value="${view}"]`, { force: true });
    await check(`dialog-${view}`);
  }
  await page.keyboard.press('Escape');
  await page.fill('#question', 'Tell me about the town.');
  await page.click('#send');
  // a small model may have ended before
  await page.click('#stop', { timeout: 500 }).catch(() => {});
  await settled(page);
  await page.click('#fresh');
  expect((await page.locator('.turn').count()) === 0, 'an empty talk');

  // an answer that is still to come belongs to the talk that was left
  const answers = '**/v1/chat/completions';
  await page.route(answers, () => {});
  await page.fill('#question', 'Who are you?');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.turn.assistant');
  await page.click('#fresh');
  await page.waitForFunction(() => !document.querySelector('#send').disabled);
  await page.unroute(answers);
  const asked = page.waitForRequest(answers);
  await page.fill('#question', 'And who am I?');
  await page.keyboard.press('Enter');
  const { messages } = (await asked).postDataJSON();
  expect(messages.length === 1, `one message of a new talk, not ${messages.length}`);
  await settled(page);

  // where what a tool said leaves no room, the answer ends and keeps what it has
  await page.click('#fresh');
  const called = { index: 0, id: 'call', type: 'function', function: { name: 'none', arguments: '{}' } };
  const calls = { choices: [{ delta: { tool_calls: [called] }, token_ids: [1], finish_reason: 'tool_calls' }] };
  const full = { error: { message: 'no room', code: 'context_length_exceeded' } };
  await page.route(answers, (route) => {
    const looked = route.request().postDataJSON().messages.some(({ role }) => role === 'tool');
    const events = looked ? [JSON.stringify(full)] : [JSON.stringify(calls), '[DONE]'];
    const body = events.map((event) => `data: ${event}\n\n`).join('');
    return route.fulfill({ contentType: 'text/event-stream', body });
  });
  await page.fill('#question', 'What is 1 + 1?');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.stats:has-text("no room left") button');
  await page.unroute(answers);
}

async function data({ page, check, address }) {
  await page.goto(`${address}/data`);
  await page.waitForSelector('.document');
  await page.locator('.reasons button').first().click();
  await settled(page);
  await page.waitForSelector('.document');
  const signals = page.locator('.document summary').first();
  if (await signals.isVisible()) await signals.click();
  await check('left-out');
  await page.check('[name="kind"][value="kept"]', { force: true });
  await settled(page);
  await page.waitForSelector('.document');
  const next = page.locator('.pager button').last();
  if (await next.isEnabled()) await next.click();
  await settled(page);
  await page.fill('#phrase', 'the');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.matches li');
  await check('found');
  await page.fill('#phrase', 'zzzzqqq');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.found .empty');
}

async function arena({ page, check, address }) {
  await page.goto(`${address}/arena`);
  await page.waitForSelector('#board > *');
  await page.fill('#prompt', 'Who are you?');
  await page.click('#go');
  await page.waitForSelector('.votes kbd');
  await check('battle');
  // a vote that got lost on its way can be cast again
  await page.route('**/playground/arena/vote', (route) => route.abort('aborted'), { times: 1 });
  await page.keyboard.press('1');
  await page.waitForSelector('#battle .problem');
  await page.waitForSelector('.votes button:enabled kbd');
  await page.keyboard.press('2');
  await page.waitForSelector('.votes .primary');
  await check('voted');
}

/** Pictures and sounds, where a model of the run sees or hears. */
async function senses({ page, check, address }) {
  const run = await (await page.request.get(`${address}/playground/run`)).json();
  const model = run.models.findLast(({ talks, sees, hears }) => talks && (sees || hears));
  await page.goto(`${address}/chat${model ? `?model=${model.id}` : ''}`);
  await page.waitForSelector('.talk');
  if (!model) return expect(!(await page.isVisible('#drop')), 'no place for pictures where nobody sees');
  await page.waitForSelector('#drop:not([hidden])');
  await check('zone');
  const file = model.sees ? await picture(page) : sound();
  await page.click('summary:has-text("Settings")');
  await page.fill('#most', '40');
  await page.fill('#seed', '7');
  await page.click('summary:has-text("Settings")');

  // what is no picture is not even sent
  await page.setInputFiles('#file', { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('?') });
  await page.waitForSelector('.attachment .problem');
  await page.getByRole('button', { name: 'Remove note.txt' }).press('Enter');
  expect((await page.locator('.attachment').count()) === 0, 'nothing attached');

  await page.setInputFiles('#file', file);
  await page.waitForSelector('.attachment .mosaic');
  await page.focus('.attachment .token');
  await page.keyboard.press('ArrowRight');
  const told = await page.textContent('.attachment .facts');
  expect(/code \d+/.test(told), `to be told about the focused code, got ${told}`);
  await check('attached');
  await page.fill('#question', model.sees ? 'Which shape is this?' : 'What is heard?');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.stats button');
  await settled(page);
  expect((await page.locator('.turn.user .given').count()) === 1, 'the question with what was shown');
  expect(!/<\|/.test(await page.textContent('.talk .log')), 'no names of tokens in an answer');
  await check('answered');
  await page.locator('.stats button').last().press('Enter');
  await page.waitForSelector('.x-tokens .mosaic');
  await page.locator('.x-tokens .mosaic .token').nth(1).hover();
  await check('dialog-codes');
  await page.keyboard.press('Escape');

  const drop = await page.evaluateHandle(({ name, mimeType, base64 }) => {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    data.items.add(new File([bytes], name, { type: mimeType }));
    return data;
  }, { ...file, base64: file.buffer.toString('base64') });
  await page.dispatchEvent('body', 'drop', { dataTransfer: drop });
  await page.waitForSelector('.attachment .mosaic');
  await page.click('#fresh');
  expect((await page.locator('.attachment').count()) === 0, 'nothing attached in a new talk');

  // one of the run's own, with its question
  if (await page.locator('.sample').count()) {
    await page.locator('.sample').first().click();
    await page.waitForSelector('.attachment .mosaic');
    expect((await page.inputValue('#question')) !== '', 'a question to go with it');
    await page.click('#fresh');
  }
  // a model that learned little may draw nothing
  await page.fill('#question', model.sees ? 'Draw a red circle.' : 'Say a.');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.stats button');
  await settled(page);
  const codes = page.locator('.made button').first();
  if (await codes.count()) {
    await codes.press('Enter');
    await page.waitForSelector('.made .mosaic');
    await check('made');
  }
}

/** A red circle, as a browser draws it. */
async function picture(page) {
  const url = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 48, height: 32 });
    const pen = canvas.getContext('2d');
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, 48, 32);
    pen.fillStyle = '#d22';
    pen.beginPath();
    pen.arc(24, 16, 11, 0, 7);
    pen.fill();
    return canvas.toDataURL('image/png');
  });
  return { name: 'circle.png', mimeType: 'image/png', buffer: Buffer.from(url.split(',')[1], 'base64') };
}

/** Half a second of a tone, as a WAV; some systems do not know what sort of file that is. */
function sound() {
  const [rate, samples] = [8000, 4000];
  const buffer = Buffer.alloc(44 + 2 * samples);
  buffer.write('RIFF', 0);
  buffer.writeUInt32LE(36 + 2 * samples, 4);
  buffer.write('WAVEfmt ', 8);
  [16, 0x00010001, rate, 2 * rate, 0x00100002].forEach((word, i) => buffer.writeUInt32LE(word, 16 + 4 * i));
  buffer.write('data', 36);
  buffer.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++) buffer.writeInt16LE(9000 * Math.sin((2 * Math.PI * 440 * i) / rate), 44 + 2 * i);
  return { name: 'tone.wav', mimeType: '', buffer };
}

export const steps = { overview, tokenizer, base, inside, chat, senses, data, arena };
