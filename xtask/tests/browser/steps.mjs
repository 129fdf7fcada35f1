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
  await page.keyboard.press('2');
  await page.waitForSelector('.board');
  await check('voted');
}

export const steps = { overview, tokenizer, base, inside, chat, data, arena };
