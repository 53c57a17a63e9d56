/*
 * pages.js - drives the pages of a running dime in Chromium, as a person would.
 *
 *     npm install --no-package-lock && node pages.js http://127.0.0.1:8080 [SCREENSHOT DIRECTORY]
 *
 * A line for each check, then the sum; the status is 0 if none failed, 1 if one did, and 77 if
 * nothing could be tried because Chromium or a module isn't there. All that the pages load, log or
 * refuse is watched the whole time, so a page that works but reaches elsewhere or breaks its own
 * security policy fails too. CHROMIUM names another browser than /usr/bin/chromium; ONLY, a pattern
 * of those checks that are wanted.
 */
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const BASE = (process.argv[2] ?? '').replace(/\/$/, '');
const SHOTS = process.argv[3];
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ONLY = new RegExp(process.env.ONLY ?? '');
const PATIENCE_MS = 10000;
const PAGES = ['/', '/change', '/cgi-bin/change', '/labels', '/cgi-bin/labels', '/translate', '/cgi-bin/translate',
    '/cgi-bin/hello', '/problems', '/docs', '/manual/dime.1.html', '/manual/dime_fields.3.html'];
const PROBLEMS = ['not-parseable', 'not-authorized', 'no-such-function', 'method-not-allowed', 'not-acceptable',
    'too-large', 'unsupported-media-type', 'invalid-field', 'too-many-requests', 'internal-error',
    'upstream-failed', 'unavailable', 'deadline-passed'];
const CURRENCIES = ['USD', 'CAD', 'EUR', 'GBP', 'CHF', 'JPY', 'MXN', 'INR', 'AUD', 'SEK'];
const ATTACKS = [
    '"><script>window.pwned=1</script>',
    '\'><img src=x onerror="window.pwned=1">',
    '</title></textarea></select><svg onload=window.pwned=1>',
    '<!--result--><!--problem--><!--error amount-->',
    '&quot;&#34;&amp;lt;b&gt;',
    'javascript:window.pwned=1',
];

if (!/^https?:\/\/[^/]+$/.test(BASE)) {
    console.error('usage: node pages.js http://HOST:PORT [DIRECTORY FOR SCREENSHOTS]');
    process.exit(2);
}

/* What the browser complained of, and every address that it asked for. */
const complaints = [];
const strangers = new Set();
const sums = { passed: 0, failed: 0, skipped: 0 };
let browser;
let axe;

const load = () => {
    try {
        axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
        fs.accessSync(CHROMIUM, fs.constants.X_OK);
        return require('playwright-core').chromium;
    } catch (error) {
        console.log(`ok - the browser test # SKIP ${error.message.split('\n')[0]}`);
        console.log('0 passed, 0 failed, 1 skipped');
        process.exit(77);
    }
};

const watch = (page) => {
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('request', (request) => {
        const address = new URL(request.url());
        if (!['data:', 'blob:'].includes(address.protocol) && address.origin !== BASE) strangers.add(request.url());
    });
    page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
        /* A form that is answered with a problem is logged as a load that failed: we ask for it. */
        const asked_for = message.text().startsWith('Failed to load resource')
            && message.location().url.includes('/cgi-bin/');
        if (['error', 'warning'].includes(message.type()) && !asked_for) {
            complaints.push(`${page.url()}: ${message.text()}`);
        }
    });
};

/* Runs one check with a page of its own. `options` are those of the browser's context. */
const check = async (name, options, run) => {
    if (!ONLY.test(name)) return;
    const context = await browser.newContext({ viewport: { width: 900, height: 800 }, ...options });
    try {
        const page = await context.newPage();
        watch(page);
        await run(page, context);
        sums.passed += 1;
        console.log(`ok - ${name}`);
    } catch (error) {
        sums.failed += 1;
        const why = String(error.message).split('\n').slice(0, 12).join('\n#   ');
        console.log(`not ok - ${name}\n#   ${why}`);
    } finally {
        await context.close();
    }
};

const open = async (page, address) => {
    const answer = await page.goto(BASE + address);
    assert.equal(answer.status(), 200, `${address} answers with 200`);
    return answer;
};

/* Fills the form for change and sends it with Enter; waits for the answer, whichever it is. */
const ask = async (page, fields) => {
    for (const [name, value] of Object.entries(fields)) {
        const input = page.locator(`main [name="${name}"]`);
        if (['coins', 'till'].includes(name) && !await input.isVisible()) {
            await page.locator('summary').click();
        }
        if (name === 'currency') await input.selectOption(value);
        else if (name === 'notes') await input.setChecked(value);
        else await input.fill(value);
    }
    await page.evaluate(() => document.querySelectorAll('.result, .problem')
        .forEach((shown) => shown.setAttribute('data-old', '')));
    const answered = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await page.locator('main [name="amount"]').press('Enter');
    const answer = await answered;
    await page.waitForSelector(':is(.result, .problem):not([data-old])');
    return answer;
};

/* Sends a form that no page of ours would make: all fields are what FIELDS says. */
const forge = async (page, fields) => {
    const answered = page.waitForNavigation();
    await page.evaluate((given) => {
        const form = document.createElement('form');
        form.method = 'post';
        form.action = '/cgi-bin/change';
        for (const [name, value] of Object.entries(given)) {
            const input = document.createElement('input');
            input.name = name;
            input.value = value;
            form.append(input);
        }
        document.body.append(form);
        form.submit();
    }, fields);
    return answered;
};

const text = async (page, selector) => (await page.locator(selector).innerText()).trim();
const value = (page, name) => page.locator(`main [name="${name}"]`).inputValue();
const focused = (page) => page.evaluate(
    () => document.activeElement.id || document.activeElement.className);

const coins_of_189 = async (page) => {
    assert.equal(await text(page, '#result h2'), '$1.89');
    assert.equal(await text(page, '.sentence'), '7 quarters, 1 dime, 4 pennies');
    assert.equal(await text(page, '.total'), '12 coins');
    assert.deepEqual(await page.locator('.coins li').evaluateAll(
        (rows) => rows.map((row) => row.querySelectorAll('svg use').length)), [7, 1, 4]);
};

const shows_error = async (page, name) => {
    assert.match(await page.title(), /^Error: /);
    assert.equal(await page.locator('.problem[role="alert"]').count(), 1, 'one problem');
    assert.equal(await page.locator(`[name="${name}"]`).getAttribute('aria-invalid'), 'true');
    const message = page.locator(`#${name}-error`);
    assert.ok(await message.isVisible(), `the message at ${name} can be seen`);
    assert.ok((await message.innerText()).length > 10, 'the message says something');
    const described = await page.locator(`[name="${name}"]`).getAttribute('aria-describedby');
    assert.ok(described.split(' ').includes(`${name}-error`), 'the field names its message');
};

const unharmed = async (page) => {
    const found = await page.evaluate(() => ({
        pwned: window.pwned ?? null,
        scripts: [...document.scripts].map((script) => script.getAttribute('src')),
        images: document.querySelectorAll('img').length,
        handlers: document.querySelectorAll('[onerror], [onload]').length,
        results: document.querySelectorAll('.result').length,
    }));
    assert.deepEqual(found,
        { pwned: null, scripts: ['/dime.js'], images: 1, handlers: 0, results: 0 });
};

const accessible = async (page) => {
    await page.evaluate(axe);
    const found = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }),
        ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
    assert.ok(found.passes.length > 10, 'the rules ran');
    assert.deepEqual(found.violations.map(
        (rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(' ')}`), []);
};

const fits = async (page) => {
    const over = await page.evaluate(
        () => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${over} px too wide`);
};

/* The states that a reader can see, each as a way to get there. */
const STATES = {
    ...Object.fromEntries(PAGES.map((address) => [address, (page) => open(page, address)])),
    'an answer': async (page) => {
        await open(page, '/change');
        await ask(page, { amount: '1.89' });
    },
    'an answer with notes': async (page) => {
        await open(page, '/change');
        await ask(page, { amount: '1,388.88', currency: 'EUR', notes: true });
    },
    'a large answer': async (page) => {
        await open(page, '/change');
        await ask(page, { amount: '92233720368547758.07' });
    },
    'an answer of nothing': async (page) => {
        await open(page, '/change');
        await ask(page, { amount: '0' });
    },
    'an error': async (page) => {
        await open(page, '/change');
        await ask(page, { amount: 'a'.repeat(60), coins: 'x', till: 'y' });
    },
    'an address without a page': async (page) => {
        assert.equal((await page.goto(`${BASE}/cgi-bin/nothing`)).status(), 404);
    },
    'an answer of hello': async (page) => {
        await open(page, '/cgi-bin/hello');
        await page.locator('main [name="name"]').fill('n'.repeat(60));
        await page.locator('main [name="name"]').press('Enter');
        await page.waitForSelector(`main :text("${'n'.repeat(60)}")`);
    },
};

const check_both_ways = async () => {
    for (const [how, javaScriptEnabled] of [['without JavaScript', false], ['with it', true]]) {
        const options = { javaScriptEnabled };
        const on = (what, run) => check(`${how}: ${what}`, options, run);

        await on('Enter gives the coins and the sentence, and keeps the amount', async (page) => {
            await open(page, '/change');
            const answer = await ask(page, { amount: '1.89' });
            assert.equal(answer.status(), 200);
            await coins_of_189(page);
            assert.equal(await value(page, 'amount'), '1.89');
        });
        await check(`${how}: a phone shows the answer, not only the form`,
            { ...options, hasTouch: true, isMobile: true, viewport: { width: 390, height: 600 } }, async (page) => {
                await open(page, '/change');
                await ask(page, { amount: '1388.88', notes: true });
                const top = async () => (await page.locator('#result-sentence').boundingBox()).y;
                for (let tries = 0; tries < 50 && await top() > 300; tries++) // pages scroll smoothly
                    await page.waitForTimeout(100);
                assert.ok(await top() > 0 && await top() <= 300, `the sentence is at ${await top()} of 600`);
            });
        await on('the button works too', async (page) => {
            await open(page, '/change');
            await page.locator('main [name="amount"]').fill('1.89');
            await page.getByRole('button', { name: 'Make change' }).click();
            await page.waitForSelector('.result');
            await coins_of_189(page);
        });
        await on('an amount that is none is an error at its field, kept', async (page) => {
            await open(page, '/change');
            const answer = await ask(page, { amount: 'twelve' });
            assert.equal(answer.status(), 422);
            await shows_error(page, 'amount');
            assert.equal(await value(page, 'amount'), 'twelve');
            assert.equal(await page.locator('.result').count(), 0, 'no answer');
        });
        await on('no amount is an error at its field', async (page) => {
            await open(page, '/change');
            assert.equal((await ask(page, { amount: '' })).status(), 422);
            await shows_error(page, 'amount');
        });
        for (const [name, wrong] of [['coins', '25,x'], ['till', '25=2']]) {
            await on(`an error in ${name} can be seen, kept and mended`, async (page) => {
                await open(page, '/change');
                const answer = await ask(page, { amount: '1.89', [name]: wrong });
                assert.equal(answer.status(), 422);
                await shows_error(page, name);
                assert.equal(await value(page, name), wrong);
                await ask(page, { [name]: '' });
                await coins_of_189(page);
                assert.equal(await page.locator('.problem, .error').count(), 0);
            });
        }
        await on('the currency and the box are kept', async (page) => {
            await open(page, '/change');
            await ask(page, { amount: '16.00', currency: 'GBP', notes: true });
            assert.match(await text(page, '#result h2'), /£16/);
            assert.equal(await page.locator('.coins li.note').count(), 2, '£10 and £5');
            assert.equal(await value(page, 'currency'), 'GBP');
            assert.ok(await page.locator('[name="notes"]').isChecked());
        });
        await on('own coins and a till are answered, and kept', async (page) => {
            await open(page, '/change');
            await ask(page, { amount: '0.30', coins: '25,10,1' });
            assert.equal(await text(page, '.total'), '3 coins');
            assert.equal(await value(page, 'coins'), '25,10,1');
            await ask(page, { coins: '', till: '25:0,10:2,5:9' });
            assert.equal(await text(page, '.total'), '4 coins');
            assert.equal(await value(page, 'till'), '25:0,10:2,5:9');
        });
        await on('an unknown currency in a forged form is an error', async (page) => {
            await open(page, '/change');
            const answer = await forge(page, { amount: '1.89', currency: 'XYZ' });
            assert.equal(answer.status(), 422);
            await shows_error(page, 'currency');
            assert.equal(await value(page, 'amount'), '1.89');
        });
        for (const name of ['amount', 'currency', 'notes', 'coins', 'till']) {
            await on(`markup in ${name} stays text`, async (page) => {
                for (const attack of ATTACKS) {
                    await open(page, '/change');
                    const fields = { amount: '1.89', [name]: attack };
                    const answer = await forge(page, fields);
                    assert.equal(answer.status(), 422, attack);
                    await unharmed(page);
                    if (['currency', 'notes'].includes(name)) continue;
                    assert.equal(await value(page, name), attack);
                }
            });
        }
        await on('the form of the first page leads to the answer', async (page) => {
            await open(page, '/');
            await ask(page, { amount: '1.89' });
            await coins_of_189(page);
            assert.equal(new URL(page.url()).pathname, '/cgi-bin/change');
        });
        await on('hello greets, and shows markup as text', async (page) => {
            await open(page, '/cgi-bin/hello');
            assert.match(await page.locator('main').innerText(), /hello world|name/i);
            for (const name of ['Ada', ...ATTACKS.slice(0, 4)]) {
                await page.locator('main [name="name"]').fill(name);
                await page.getByRole('main').getByRole('button').first().click();
                await page.waitForFunction((want) => {
                    const answer = document.querySelector('main .json')?.textContent;
                    return answer && JSON.parse(answer).message === want;
                }, `hello ${name}`);
                assert.equal(await page.evaluate(() => window.pwned ?? null), null);
                assert.equal(await page.locator('img').count(), 1);
                assert.equal(await value(page, 'name'), name);
            }
        });
    }
};

const check_script = async () => {
    await check('with JavaScript no page is loaded anew', {}, async (page) => {
        await open(page, '/change');
        await page.evaluate(() => { window.mark = 1; });
        await ask(page, { amount: '1.89' });
        await ask(page, { amount: 'x' });
        await ask(page, { amount: '0.41' });
        assert.equal(await text(page, '.sentence'), '1 quarter, 1 dime, 1 nickel, 1 penny');
        assert.equal(await page.evaluate(() => window.mark), 1);
        assert.equal(new URL(page.url()).pathname, '/change');
        assert.equal(await page.locator('main').count(), 1);
    });
    await check('the focus goes to the answer, or to the field to mend', {}, async (page) => {
        await open(page, '/change');
        await ask(page, { amount: '1.89' });
        assert.equal(await focused(page), 'result');
        await ask(page, { amount: 'x' });
        assert.equal(await focused(page), 'amount');
        assert.match(await page.title(), /^Error: /);
        await ask(page, { amount: '1', currency: 'GBP', coins: 'x' });
        assert.equal(await focused(page), 'coins');
        await ask(page, { coins: '' });
        assert.doesNotMatch(await page.title(), /^Error: /);
    });
    await check('all of it can be done with the keyboard alone', {}, async (page) => {
        await open(page, '/change');
        const press = async (...keys) => {
            for (const key of keys) await page.keyboard.press(key);
        };
        await press('Tab');
        assert.ok(await page.locator('.skip').isVisible());
        await press('Enter', 'Tab');
        assert.equal(await focused(page), 'amount', 'the skip link leads to the form');
        await page.keyboard.type('20.50');
        await press('Tab');
        await page.keyboard.type('Eu');
        await press('Tab', 'Space', 'Tab', 'Enter', 'Tab');
        assert.equal(await focused(page), 'coins', 'the rest can be opened');
        await press('Tab', 'Tab', 'Enter');
        await page.waitForSelector('.result');
        assert.match(await text(page, '#result h2'), /€20\.50/);
        assert.equal(await page.locator('.coins li').count(), 2);
        assert.ok(await page.locator('details').evaluate((details) => details.open), 'still open');
    });
    await check('the focus can always be seen', {}, async (page) => {
        await open(page, '/change');
        for (let i = 0; i < 12; i += 1) {
            await page.keyboard.press('Tab');
            assert.ok(await page.evaluate(() => document.activeElement === document.body
                || getComputedStyle(document.activeElement).outlineStyle !== 'none'), `stop ${i}`);
        }
    });
    await check('the button copies the curl line', {}, async (page, context) => {
        await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: BASE });
        await open(page, '/change');
        await ask(page, { amount: '1.89' });
        await page.getByRole('button', { name: 'Copy' }).click();
        await page.waitForSelector('.copy:text("Copied")');
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()),
            await text(page, '.curl code'));
    });
    await check('a newer request takes the place of an older one', {}, async (page) => {
        await open(page, '/change');
        let release;
        const held = new Promise((resolve) => { release = resolve; });
        await page.route('**/cgi-bin/change*', async (route) => {
            if (route.request().postData().includes('9.99')) await held;
            await route.continue().catch(() => {}); // the page gave it up
        });
        await page.locator('[name="amount"]').fill('9.99');
        await page.locator('[name="amount"]').press('Enter');
        await page.waitForSelector('form[aria-busy="true"]');
        await page.locator('[name="amount"]').fill('1.89');
        await page.locator('[name="amount"]').press('Enter');
        await page.waitForSelector('.result');
        release();
        await page.waitForTimeout(300);
        await coins_of_189(page);
        assert.equal(await page.locator('[aria-busy]').count(), 0);
    });
    await check('a server that does not answer is a problem one can read', {}, async (page) => {
        await open(page, '/change');
        await page.route('**/cgi-bin/change*', (route) => route.abort());
        await page.locator('[name="amount"]').fill('1.89');
        await page.locator('[name="amount"]').press('Enter');
        await page.waitForSelector('.problem[role="alert"]');
        assert.match(await text(page, '.problem'), /did not answer/);
        assert.equal(await focused(page), 'problem');
        assert.equal(await value(page, 'amount'), '1.89');
        await page.unroute('**/cgi-bin/change*');
        await ask(page, {});
        assert.equal(await page.locator('.problem').count(), 0);
    });
    await check('an answer that is no page is shown as the problem it is', {}, async (page) => {
        await open(page, '/change');
        const answers = [
            [429, 'application/problem+json',
                '{"title":"Too <i>many</i>","detail":"Wait <b>2</b> s"}',
                /Too <i>many<\/i>\s+Wait <b>2<\/b> s/],
            [413, 'text/html', '<main data-problem="Send <b>less</b>."><h1>Too &lt;i>much</h1><p>Go back.</main>',
                /Too <i>much\s+Send <b>less<\/b>\.$/],
            [502, 'text/html', '<h1>Bad gateway</h1>', /answered with 502/],
            [500, 'text/plain', 'no', /answered with 500/],
            [200, 'application/json', '{"res":[]}', /answered with 200/],
            [503, 'application/problem+json', 'cut sho', /did not answer/],
        ];
        for (const [status, contentType, body, want] of answers) {
            await page.route('**/cgi-bin/change*',
                (route) => route.fulfill({ status, contentType, body }));
            await page.locator('[name="amount"]').fill('1.89');
            await page.locator('[name="amount"]').press('Enter');
            await page.waitForFunction((source) => new RegExp(source).test(
                document.querySelector('.problem')?.innerText), want.source);
            assert.equal(await page.locator('.problem').count(), 1);
            assert.equal(await page.locator('.problem i, .problem b, .result').count(), 0);
            await page.unroute('**/cgi-bin/change*');
        }
    });
};

const skip = (name, why) => {
    sums.skipped += 1;
    console.log(`skip - ${name}: ${why}`);
};

const labels = require('./labels.js')({ BASE, check, open, text, focused, skip });
const translate = require('./translate.js')({ BASE, check, open, text, focused, skip });

const check_drawing = async () => {
    await check('every piece of every currency is drawn, and in a colour', {}, async (page) => {
        await open(page, '/change');
        for (const currency of CURRENCIES) {
            /* An amount that takes many pieces, and that each currency can make. */
            await ask(page, { amount: '13885', currency, notes: true });
            const rows = page.locator('.coins li');
            const wrong = await rows.evaluateAll((all) => all.filter((row) => {
                const parts = [...row.querySelectorAll('use')];
                const metal = getComputedStyle(row).getPropertyValue('--metal');
                return !metal || !parts.length || parts.some((part) => part.getBBox().width === 0
                    || !document.querySelector(`symbol${part.getAttribute('href')}`));
            }).map((row) => row.innerText));
            assert.deepEqual(wrong, [], currency);
            assert.ok(await rows.count() > 2, currency);
        }
    });
    await check('the coins are drawn to one scale', {}, async (page) => {
        await open(page, '/change');
        await ask(page, { amount: '0.41' });
        const widths = await page.locator('.coins svg').evaluateAll(
            (drawings) => drawings.map((drawing) => drawing.getBoundingClientRect().width));
        const real = [24.26, 17.91, 21.21, 19.05]; // millimetres: quarter, dime, nickel, penny
        assert.equal(widths.length, real.length);
        const scale = widths[0] / real[0];
        assert.ok(scale > 1.5, 'large enough to see');
        widths.forEach((width, i) => assert.ok(Math.abs(width / real[i] / scale - 1) < 0.01,
            `piece ${i + 1} is ${width} px`));
    });
    await check('on paper they have their real size', {}, async (page) => {
        await open(page, '/change');
        await ask(page, { amount: '0.25' });
        await page.emulateMedia({ media: 'print' });
        const { width } = await page.locator('.coins svg').boundingBox();
        assert.ok(Math.abs(width / 96 * 25.4 - 24.26) < 0.1, `${width / 96 * 25.4} mm`);
    });
    await check('the curl line does the same', {}, async (page) => {
        await open(page, '/change');
        await ask(page, { amount: '$1.89' });
        const line = await text(page, '.curl code');
        assert.match(line, /^curl -d '[^']*' https?:\/\/[\w.:-]+\/cgi-bin\/change$/);
        assert.ok(line.includes(`${BASE}/`), `${line} leads to this server`);
        const answer = JSON.parse(execFileSync('sh', ['-c', line],
            { stdio: ['ignore', 'pipe', 'ignore'], timeout: PATIENCE_MS }));
        assert.deepEqual(answer.res, [{ 7: 'quarters' }, { 1: 'dimes' }, { 4: 'pennies' }]);
    });
};

const check_pages = async () => {
    for (const address of PAGES) {
        await check(`${address} has a policy that lets in nothing else`, {}, async (page) => {
            const answer = await open(page, address);
            const headers = answer.headers();
            const policy = headers['content-security-policy'] ?? '';
            assert.match(headers['content-type'], /^text\/html; ?charset=utf-8$/i);
            assert.match(policy, /default-src 'none'/);
            assert.doesNotMatch(policy, /unsafe|\*|https?:/);
            assert.equal(headers['x-content-type-options'], 'nosniff');
            assert.equal(await page.locator('[style], style, script:not([src])').count(), 0);
        });
    }
    await check('each link on a page of ours leads somewhere', {}, async (page) => {
        const links = new Set();
        for (const address of PAGES) {
            await open(page, address);
            for (const link of await page.locator('a[href]').evaluateAll(
                (all) => all.map((one) => one.href))) links.add(link);
        }
        for (const link of links) {
            const { origin, hash } = new URL(link);
            if (origin !== BASE) continue;
            const answer = hash ? await page.goto(link) : await page.request.get(link, { headers: { Accept: 'text/html' } });
            assert.ok(answer === null || answer.status() < 400, link);
            if (hash) assert.equal(await page.locator(`[id="${hash.slice(1)}"]`).count(), 1, link);
        }
    });
    await check('each type of problem is explained at its address', {}, async (page) => {
        for (const name of PROBLEMS) {
            await open(page, `/problems/${name}`);
            assert.ok((await text(page, `section#${name}`)).length > 60, name);
        }
    });
    await check('the type in a problem is one of those addresses', {}, async (page) => {
        const answer = await page.request.post(`${BASE}/cgi-bin/change`,
            { data: Buffer.from('{"amount":'), headers: { 'Content-Type': 'application/json' } });
        assert.equal(answer.status(), 400);
        const { type, title } = await answer.json();
        assert.equal(type, '/problems/not-parseable');
        await open(page, type);
        assert.ok((await text(page, '#not-parseable h2')).replace('’', "'").startsWith(title));
    });
};

/* Each state of the pages in each look: what must hold there, and a picture of it. */
const check_looks = async () => {
    const usable = { what: 'anyone can use it', look_at: accessible };
    const looks = {
        light: { options: { colorScheme: 'light' }, ...usable },
        dark: { options: { colorScheme: 'dark' }, ...usable },
        narrow: { options: { viewport: { width: 320, height: 640 } },
            what: 'fits a window of 320 px', look_at: fits },
        contrast: { options: { forcedColors: 'active' }, ...usable },
    };
    if (SHOTS) fs.mkdirSync(SHOTS, { recursive: true });
    for (const [look, { options, what, look_at }] of Object.entries(looks)) {
        for (const [name, reach] of Object.entries(STATES)) {
            const plain = name.replace(/[^a-z]+/g, '-').replace(/^-|-$/g, '') || 'index';
            await check(`${name}, ${look}: ${what}`, options, async (page) => {
                await reach(page);
                if (SHOTS) {
                    const file = path.join(SHOTS, `${plain}-${look}.png`);
                    await page.screenshot({ path: file, fullPage: true });
                }
                await look_at(page);
            });
        }
    }
};

const main = async () => {
    browser = await load().launch({
        executablePath: CHROMIUM,
        /* It visits nothing but our own pages, so it can do without the sandbox that root lacks. */
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    if (await labels.has_models()) Object.assign(STATES, labels.STATES);
    if (await translate.has_engine()) Object.assign(STATES, translate.STATES);
    await check_both_ways();
    await check_script();
    await check_drawing();
    await labels.run('a label lit up' in STATES);
    await translate.run('a translation' in STATES);
    await check_pages();
    await check_looks();
    await check('no page asked for anything from elsewhere', {}, async () => {
        assert.deepEqual([...strangers], []);
    });
    await check('no page had anything to complain of', {}, async () => {
        assert.deepEqual([...new Set(complaints)], []);
    });
    await browser.close();
    console.log(`${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`);
    process.exitCode = sums.failed ? 1 : 0;
};

main().catch((error) => {
    console.error(`Bail out! ${error.message}`);
    process.exit(1);
});
