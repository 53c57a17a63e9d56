/*
 * translate.js - the translate page in the browser: what pages.js runs for it, with its own tools.
 *
 * A text is translated by the real Apertium, with a script and without. Where the server has none,
 * what needs it is skipped by name, and the page must say so and keep the text.
 */
'use strict';

const assert = require('node:assert/strict');

/* CHECK, OPEN, TEXT and FOCUSED are pages.js's; SKIP counts what can't be tried. */
module.exports = ({ BASE, check, open, text, focused, skip }) => {
    const send = async (page) => {
        await page.getByRole('button', { name: 'Translate', exact: true }).click();
        await page.waitForSelector(':is(.result, .problem)');
    };

    const translate = async (page, what, from = 'en', to = 'es') => {
        await page.locator('#text').fill(what);
        await page.locator('#source').selectOption(from);
        await page.locator('#target').selectOption(to);
        await send(page);
    };

    const value = (page, name) => page.locator(`#${name}`).inputValue();
    const translated = (page) => page.locator('.result .translated').evaluate((one) => one.textContent);

    const has_engine = async () => {
        const { Languages } = await (await fetch(`${BASE}/cgi-bin/translate`)).json();
        return Languages.some((one) => one.LanguageCode === 'es');
    };

    const LETTER = 'Dear friend,\n\nthe <b>black</b> cat sits on the table.\nSee http://example.com/the-cat\n';
    const CARTA = 'Amigo querido,\n\nel <b>gato</b> negro sienta en la mesa.\nVe http://example.com/the-cat\n';

    const STATES = {
        'a translation': async (page) => {
            await open(page, '/translate');
            await translate(page, LETTER);
            await page.waitForSelector('.result');
        },
        'a text that is missing': async (page) => {
            await open(page, '/translate');
            await send(page);
        },
        'a text that is too long': async (page) => {
            await open(page, '/translate');
            await translate(page, 'The cat sits. '.repeat(800));
        },
    };

    const check_both = async () => {
        for (const [how, javaScriptEnabled] of [['without JavaScript', false], ['with it', true]]) {
            const on = (what, run) => check(`${how}: ${what}`, { javaScriptEnabled }, run);
            await on('the menus hold what the engine has', async (page) => {
                await open(page, '/translate');
                const options = (name) => page.locator(`#${name} option`).allInnerTexts();
                assert.deepEqual(await options('source'), ['English', 'Spanish']);
                assert.deepEqual(await options('target'), ['English', 'English (US)', 'Spanish']);
                assert.deepEqual([await value(page, 'source'), await value(page, 'target')], ['en', 'es']);
            });
            await on('a text is translated beside it, and kept', async (page) => {
                await open(page, '/translate');
                await translate(page, LETTER);
                assert.equal((await translated(page)).replaceAll('\r\n', '\n'), CARTA);
                assert.equal(await value(page, 'text'), LETTER);
                assert.equal(await text(page, '#result h2'), 'English to Spanish');
                assert.equal(await page.locator('.result .translated').getAttribute('lang'), 'es');
                assert.equal(await page.locator('.waiting').isVisible(), false);
                const [left, right] = await page.evaluate(() => ['#text', '.result .translated'].map((one) => {
                    const { x, y, width } = document.querySelector(one).getBoundingClientRect();
                    return { x, y, width };
                }));
                assert.ok(left.x + left.width <= right.x && Math.abs(left.y - right.y) < 2, 'side by side');
            });
            await on('the direction is kept', async (page) => {
                await open(page, '/translate');
                await translate(page, 'El perro come.', 'es', 'en');
                assert.equal(await translated(page), 'The dog eats.');
                assert.deepEqual([await value(page, 'source'), await value(page, 'target')], ['es', 'en']);
            });
            await on('markup in a text stays text', async (page) => {
                const attack = '</textarea></p><script>window.pwned=1</script><img src=x onerror="window.pwned=1">';
                await open(page, '/translate');
                await translate(page, attack);
                assert.equal(await translated(page), attack);
                assert.equal(await value(page, 'text'), attack);
                assert.equal(await page.locator('main script, main img').count(), 0);
            });
            await on('no text is an error at its field', async (page) => {
                await open(page, '/translate');
                await send(page);
                assert.equal(await page.locator('#text').getAttribute('aria-invalid'), 'true');
                assert.match(await text(page, '#text-error'), /^Give what to translate/);
            });
            await on('a text that is too long is told so, and kept', async (page) => {
                const long = 'The cat sits. '.repeat(800);
                await open(page, '/translate');
                await translate(page, long, 'es', 'en');
                assert.match(await text(page, '.problem'), /11200 bytes; send at most 10000/);
                assert.equal(await value(page, 'text'), long);
                assert.equal(await value(page, 'source'), 'es');
            });
            await on('an end of line counts as one byte', async (page) => {
                const lines = `${'7'.repeat(99)}\n`.repeat(100);
                await open(page, '/translate');
                await translate(page, lines, 'es', 'en');
                assert.equal(await page.locator('.problem').count(), 0);
                assert.equal(await translated(page), lines);
                if (javaScriptEnabled) assert.equal(await page.locator('.count.over').count(), 0);
                await translate(page, `${lines}7`, 'es', 'en');
                assert.match(await text(page, '.problem'), /10001 bytes; send at most 10000/);
            });
            await on('a pair that there is none of is an error at its menu', async (page) => {
                await open(page, '/translate');
                await page.locator('#text').fill('Hello');
                for (const [menu, code] of [['source', 'en'], ['target', 'en-US']])
                    await page.locator(`#${menu}`).evaluate((one, chosen) => { one.value = chosen; }, code);
                await send(page);
                assert.equal(await text(page, '.problem p'), 'Correct the marked field.');
                assert.match(await text(page, '#source-error'), /translates from es/);
                assert.equal(await value(page, 'target'), 'en-US');
            });
        }
    };

    const check_script = async () => {
        await check('the swap button swaps the languages, with the translation', {}, async (page) => {
            await open(page, '/translate');
            await translate(page, 'The dog eats.');
            await page.getByRole('button', { name: 'Swap the languages' }).click();
            assert.deepEqual([await value(page, 'source'), await value(page, 'target'), await value(page, 'text')],
                ['es', 'en', 'El perro come.']);
            assert.equal(await focused(page), 'text');
            await send(page);
            assert.equal(await translated(page), 'The dog eats.');
        });
        const swap = (page) => page.getByRole('button', { name: 'Swap the languages' }).click();
        const form = (page) => Promise.all(['source', 'target', 'text'].map((name) => value(page, name)));
        await check('the swap button never sets a language twice', {}, async (page) => {
            await open(page, '/translate');
            await translate(page, 'The dog eats.');
            await page.locator('#target').selectOption('en');
            await swap(page);
            assert.deepEqual(await form(page), ['en', 'es', 'The dog eats.']);
            await page.locator('#source').selectOption('es');
            await page.locator('#target').selectOption('en-US');
            await swap(page);
            assert.deepEqual(await form(page), ['en', 'es', 'The dog eats.']);
        });
        await check('the swap button keeps a text that has changed, and the translation says it is old', {},
            async (page) => {
                await open(page, '/translate');
                await translate(page, 'The dog eats.');
                assert.equal(await text(page, '.age'), '');
                await page.locator('#text').fill('The cat eats.');
                assert.match(await text(page, '.age'), /has changed since/);
                await swap(page);
                assert.deepEqual(await form(page), ['es', 'en', 'The cat eats.']);
                assert.equal(await page.locator('.result.old').count(), 1);
                await swap(page);
                await page.locator('#text').fill('The dog eats.');
                assert.equal(await page.locator('.result.old').count(), 0);
            });
        await check('what is chosen in one menu moves the other to what there is', {}, async (page) => {
            const asked = page.waitForResponse((one) => one.url().endsWith('/cgi-bin/translate'));
            await open(page, '/translate');
            await (await asked).finished();
            await page.waitForTimeout(50);
            for (const [menu, code, source, target] of [['source', 'es', 'es', 'en'], ['target', 'en-US', 'es', 'en-US'],
                ['source', 'en', 'en', 'es'], ['target', 'en-US', 'es', 'en-US'], ['target', 'es', 'en', 'es']]) {
                await page.locator(`#${menu}`).selectOption(code);
                assert.deepEqual([await value(page, 'source'), await value(page, 'target')], [source, target]);
            }
        });
        await check('bytes are counted near the limit', {}, async (page) => {
            await open(page, '/translate');
            await page.locator('#text').fill('é'.repeat(100));
            assert.equal(await text(page, '.count'), '');
            await page.locator('#text').fill(`${'é'.repeat(4998)}\n\na`);
            assert.equal(await text(page, '.count'), '9,999 of 10,000 bytes');
            assert.equal(await page.locator('.count.over').count(), 0);
            await page.locator('#text').fill(`${'é'.repeat(4999)}\n\na`);
            assert.equal(await page.locator('.count.over').count(), 1);
        });
        await check('Ctrl+Enter translates, and the focus goes to the translation', {}, async (page) => {
            await open(page, '/translate');
            await page.locator('#text').fill('Hello world');
            await page.keyboard.press('Control+Enter');
            await page.waitForSelector('.result');
            assert.equal(await translated(page), 'Hola Mundo');
            assert.equal(await focused(page), 'result');
            assert.equal(new URL(page.url()).pathname, '/translate');
        });
        await check('all of a translation can be done with the keyboard alone', {}, async (page) => {
            await open(page, '/translate');
            await page.locator('#source').focus();
            await page.keyboard.type('Sp');
            for (const key of ['Tab', 'Tab', 'Tab']) await page.keyboard.press(key);
            assert.equal(await focused(page), 'text');
            await page.keyboard.type('El perro come.');
            for (const key of ['Tab', 'Enter']) await page.keyboard.press(key);
            await page.waitForSelector('.result');
            assert.equal(await translated(page), 'The dog eats.');
        });
        await check('a button copies the translation', {}, async (page, context) => {
            await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: BASE });
            await open(page, '/translate');
            await translate(page, 'Hello world');
            await page.locator('.result .copy').click();
            await page.waitForSelector('.result .copy:text("Copied")');
            assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'Hola Mundo');
        });
        await check('on a phone the panes are below each other', { viewport: { width: 390, height: 800 } },
            async (page) => {
                await open(page, '/translate');
                await translate(page, 'Hello world');
                const [above, below] = await page.evaluate(() => ['#text', '.result .translated'].map(
                    (one) => document.querySelector(one).getBoundingClientRect().toJSON()));
                assert.ok(above.bottom <= below.top && above.width > 300, 'one above the other');
            });
    };

    const check_without = async () => {
        await check('without an engine the page says how to get one, and keeps the text', {}, async (page) => {
            await open(page, '/translate');
            assert.match(await text(page, '.notice'), /No text can be translated now Apertium isn.t running/);
            await translate(page, 'Hello world');
            assert.match(await text(page, '.problem'), /Apertium isn.t running/);
            assert.equal(await value(page, 'text'), 'Hello world');
        });
    };

    return {
        STATES,
        has_engine,
        run: async (engine) => {
            if (!engine) {
                skip('the translate page at work', 'the server has no Apertium');
                await check_without();
                return;
            }
            await check_both();
            await check_script();
        },
    };
};
