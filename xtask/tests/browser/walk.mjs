// Walks through every page of a playground as a person would, at two widths and in two schemes, and fails on errors
// of scripts, failed requests, pages that are wider than the window, and what axe calls serious.
//
//     node walk.mjs http://127.0.0.1:8128 [folder for screenshots [pages only]]

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { steps } from './steps.mjs';

const [address, folder, ...only] = process.argv.slice(2);
const SIZES = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
];
const SCHEMES = ['light', 'dark'];
const wrong = [];

if (folder) await mkdir(folder, { recursive: true });
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  console.error(`there is no ${executablePath}; the variable CHROMIUM names another`);
  process.exit(77);
}
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
await Promise.all(SIZES.map(through));
await browser.close();
for (const complaint of wrong) console.error(complaint);
console.log(wrong.length ? `${wrong.length} complaints` : 'all pages walked');
process.exit(wrong.length ? 1 : 0);

/** All pages in a window of this size, in both schemes. */
async function through(viewport) {
  for (const colorScheme of SCHEMES) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
    // a script that the page's own policy need not allow
    await context.addInitScript({ content: axe.source });
    const all = Object.entries(steps).filter(([name]) => only.length === 0 || only.includes(name));
    for (const [name, walk] of all) {
      await visit(context, name, walk, `${viewport.width}-${colorScheme}`);
    }
    await context.close();
  }
}

async function visit(context, name, walk, look) {
  const page = await context.newPage();
  const complain = (what) => wrong.push(`${name} ${look}: ${what}`);
  page.setDefaultTimeout(60_000);
  page.on('console', (message) => {
    if (message.type() === 'error') complain(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complain(`script: ${error.stack}`));
  page.on('requestfailed', (request) => {
    // whoever types on has asked in vain
    if (request.failure().errorText !== 'net::ERR_ABORTED')
      complain(`request: ${request.url()} ${request.failure().errorText}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complain(`${response.status()}: ${response.url()}`);
  });
  const check = async (state) => {
    await page.waitForTimeout(200);
    if (folder)
      await page.screenshot({
        path: `${folder}/${name}-${state}-${look}.png`,
        fullPage: !state.startsWith('dialog'),
      });
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wider > 0) complain(`${state}: ${wider} pixels wider than the window`);
    const { violations } = await page.evaluate(() =>
      globalThis.axe.run(document, { resultTypes: ['violations'] }),
    );
    for (const { id, impact, nodes, help } of violations) {
      if (impact === 'serious' || impact === 'critical') {
        complain(
          `${state}: ${id} (${impact}): ${help}: ${nodes
            .slice(0, 3)
            .map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`)
            .join(' | ')}`,
        );
      }
    }
  };
  try {
    await walk({ page, check, address });
  } catch (problem) {
    complain(problem.message);
    if (folder) await page.screenshot({ path: `${folder}/${name}-stuck-${look}.png` });
  }
  await page.close();
}
