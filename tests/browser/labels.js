/*
 * labels.js - the labels page in the browser: what pages.js runs for it, with its own tools.
 *
 * A picture is chosen, dropped, pasted or taken from the samples, with a script and without, and its
 * labels and boxes are looked at. Where the server has no models, what needs them is skipped by name.
 */
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');

const SAMPLES = path.join(__dirname, '..', '..', 'www', 'samples');
const CAT = path.join(SAMPLES, 'cat.jpg');

/* CHECK, OPEN, TEXT and FOCUSED are pages.js's; SKIP counts what can't be tried. */
module.exports = ({ BASE, check, open, text, focused, skip }) => {
    const send = async (page) => {
        await page.getByRole('button', { name: 'Label it' }).click();
        await page.waitForSelector(':is(.result, .problem)');
    };

    const label = async (page, file = CAT) => {
        await page.setInputFiles('#image', file);
        await send(page);
        await page.waitForSelector('.result');
    };

    /* The boxes that are lit, and the names of the rows. */
    const lit = (page) => page.locator('.lit').evaluateAll(
        (all) => all.map((one) => one.id || one.querySelector('.name').innerText));

    /* Waits until the page doesn't scroll any more. */
    const settled = (page) => page.evaluate(() => new Promise((done) => {
        let last = -1;
        const timer = setInterval(() => {
            if (scrollY === last) {
                clearInterval(timer);
                done();
            }
            last = scrollY;
        }, 150);
    }));

    const names = (page) => page.locator('.labels .name').allInnerTexts();

    /* A picture that the page has, drawn with some width. */
    const is_shown = (page, selector) => page.waitForFunction((wanted) => {
        const image = document.querySelector(wanted);
        return image?.complete && image.naturalWidth > 0 && image.getBoundingClientRect().width > 50;
    }, selector);

    /* Hands a file over as a drop or a paste does. */
    const hand_over = (page, how, name, type) => page.evaluate(async ([kind, file, media]) => {
        const bytes = await (await fetch('/samples/cat.jpg')).blob();
        const data = new DataTransfer();
        data.items.add(new File([bytes], file, { type: media }));
        const event = kind === 'paste'
            ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
            : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
        document.querySelector('main').dispatchEvent(event);
        return event.defaultPrevented;
    }, [how, name, type]);

    /* Lets a real file or folder fall onto the page, as the browser does. */
    const drop_path = async (page, context, file) => {
        const browser = await context.newCDPSession(page);
        const data = { items: [], files: [file], dragOperationsMask: 1 };
        for (const type of ['dragEnter', 'dragOver', 'drop'])
            await browser.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
    };

    const boxes_lie_on_the_picture = async (page) => {
        await is_shown(page, '.picture img');
        /* All at once: the page may grow between one question and the next. */
        const [image, boxes, drawn] = await page.evaluate((all) => all.map((one) => {
            const { x, y, width, height } = document.querySelector(one).getBoundingClientRect();
            return { x, y, width, height };
        }), ['.picture img', '.picture .boxes', '.boxes .line']);
        for (const side of ['x', 'y', 'width', 'height'])
            assert.ok(Math.abs(image[side] - boxes[side]) < 1, `${side} of the boxes`);
        assert.ok(drawn.width > 50 && drawn.width < image.width + 10, 'a box has a size');
    };

    /* Whether the server can label at all. */
    const has_models = async () => {
        const answer = await fetch(`${BASE}/cgi-bin/labels`, { method: 'POST',
            headers: { 'Content-Type': 'image/jpeg' }, body: require('node:fs').readFileSync(CAT) });
        return answer.status === 200;
    };

    const STATES = {
        'a label lit up': async (page) => {
            await open(page, '/labels');
            await label(page);
            await page.keyboard.press('Tab');
            await page.keyboard.press('Enter');
            await page.waitForSelector('.boxes .lit');
        },
        'a picture chosen': async (page) => {
            await open(page, '/labels');
            await page.setInputFiles('#image', CAT);
            await page.waitForSelector('.preview img');
        },
        'a picture that is none': async (page) => {
            await open(page, '/labels');
            await page.locator('summary').first().click();
            await page.locator('#min_confidence').fill('much');
            await page.setInputFiles('#image',
                { name: 'note.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('a note') });
            await send(page);
        },
    };

    const check_both = async () => {
        for (const [how, javaScriptEnabled] of [['without JavaScript', false], ['with it', true]]) {
            const on = (what, run) => check(`${how}: ${what}`, { javaScriptEnabled }, run);
            await on('an upload is answered with the picture, boxes and bars', async (page) => {
                await open(page, '/labels');
                await label(page);
                assert.deepEqual(await names(page), ['Egyptian Cat', 'Cat']);
                assert.equal(await text(page, '#result h2'), 'Egyptian Cat', 'which says Cat too');
                await is_shown(page, '.picture img');
                await boxes_lie_on_the_picture(page);
                assert.equal(await page.locator('.labels .bar rect').count(), 2);
                assert.match(await text(page, '.labels li:first-child .percent'), /^\d\d\.\d\s%$/);
            });
            await on('no picture is an error at its field', async (page) => {
                await open(page, '/labels');
                await send(page);
                assert.equal(await page.locator('#image').getAttribute('aria-invalid'), 'true');
                assert.match(await text(page, '#image-error'), /^Give the picture, JPEG or PNG/);
            });
            await on('what is no picture is a problem one can read, and options are kept',
                async (page) => {
                    await open(page, '/labels');
                    await page.locator('summary').first().click();
                    await page.locator('#max_labels').fill('3');
                    await page.setInputFiles('#image',
                        { name: 'note.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('a note') });
                    await send(page);
                    assert.match(await text(page, '#image-error'), /JPEG/);
                    assert.doesNotMatch(await text(page, '.problem'), /JPEG/, 'it is said once');
                    assert.equal(await page.locator('#image').getAttribute('aria-invalid'), 'true');
                    assert.equal(await page.locator('#max_labels').inputValue(), '3');
                });
            await on('the options are heeded', async (page) => {
                await open(page, '/labels');
                await page.locator('summary').first().click();
                await page.locator('#max_labels').fill('1');
                await label(page);
                assert.deepEqual(await names(page), ['Egyptian Cat']);
                await page.locator('#max_labels').fill('');
                await page.locator('#min_confidence').fill('100');
                await page.setInputFiles('#image', CAT);
                await page.getByRole('button', { name: 'Label it' }).click();
                await page.waitForSelector('#result h2:text("Nothing")');
            });
        }
    };

    const check_plain = async () => {
        await check('without JavaScript: a label leads to its boxes, and to its parent\'s where it has none',
            { javaScriptEnabled: false }, async (page) => {
                await open(page, '/labels');
                await label(page);
                for (const name of ['Cat', 'Egyptian Cat']) {
                    await page.getByRole('link', { name, exact: true }).click();
                    const target = page.locator('.boxes :target');
                    assert.equal(await target.getAttribute('id'), 'boxes-1', name);
                    assert.equal(await target.locator('.line').count(), 1, name);
                }
            });
    };

    const check_samples = async () => {
        await check('without JavaScript: it is said what to do with a sample', { javaScriptEnabled: false },
            async (page) => {
                await open(page, '/labels');
                assert.match(await text(page, '.samples noscript'), /save it there, then choose it above/);
                const link = await page.locator('.samples a').first().getAttribute('href');
                const photo = await page.request.get(BASE + link);
                assert.equal(photo.headers()['content-type'], 'image/jpeg');
            });
        await check('with it nothing is said of that', {}, async (page) => {
            await open(page, '/labels');
            assert.equal(await page.locator('.samples noscript').isVisible(), false);
            await label(page);
            assert.equal(await page.locator('.samples noscript').isVisible(), false, 'nor after an answer');
            assert.equal(await page.locator('.samples noscript p:visible').count(), 0);
        });
    };

    const check_script = async () => {
        await check('a chosen picture is shown at once', {}, async (page) => {
            await open(page, '/labels');
            await page.setInputFiles('#image', CAT);
            await is_shown(page, '.preview img');
            assert.equal(await text(page, '.preview'), 'cat.jpg, 35 kB');
        });
        for (const how of ['drop', 'paste']) {
            await check(`a picture can be handed over by ${how}`, {}, async (page) => {
                await open(page, '/labels');
                assert.equal(await hand_over(page, how, 'mine.jpg', 'image/jpeg'), true);
                await is_shown(page, '.preview img');
                assert.equal(await page.locator('#image').evaluate((one) => one.files[0].name),
                    'mine.jpg');
                await send(page);
                assert.ok((await names(page)).includes('Cat'));
            });
        }
        await check('a picture of another type is drawn anew before it is sent', {}, async (page) => {
            await open(page, '/labels');
            await hand_over(page, 'drop', 'mine.webp', 'image/webp'); // the browser looks inside
            await is_shown(page, '.preview img');
            assert.deepEqual(await page.locator('#image').evaluate(
                (one) => [one.files[0].name, one.files[0].type]), ['mine.jpg', 'image/jpeg']);
            await send(page);
            assert.ok((await names(page)).includes('Cat'));
        });
        await check('a sample is labelled with one click', {}, async (page) => {
            await open(page, '/labels');
            await page.locator('.samples a').first().click();
            await page.waitForSelector('.result');
            assert.ok((await names(page)).includes('Cat'));
            await is_shown(page, '.picture img');
            assert.equal(await focused(page), 'result');
            assert.equal(new URL(page.url()).pathname, '/labels');
        });
        await check('the picture is not sent back to the page that has it', {}, async (page) => {
            await open(page, '/labels');
            await page.setInputFiles('#image', CAT);
            const answered = page.waitForResponse((one) => one.request().method() === 'POST');
            await send(page);
            const body = await (await answered).text();
            assert.ok(body.length < 20000, `${body.length} bytes`);
            await is_shown(page, '.picture img');
        });
        await check('a label and its boxes light up together, and nothing else', {}, async (page) => {
            await open(page, '/labels');
            await label(page);
            await page.locator('.labels li').nth(1).hover();
            assert.deepEqual(await lit(page), ['boxes-1', 'Cat']);
            await page.locator('h1').hover();
            assert.deepEqual(await lit(page), []);
            await page.keyboard.press('Tab');
            assert.deepEqual(await lit(page), ['boxes-1', 'Egyptian Cat']);
            await page.locator('h1').hover();
            await page.locator('.boxes .line').first().hover();
            assert.deepEqual(await lit(page), ['boxes-1', 'Cat']);
        });
        await check('a label without boxes lights up its parent\'s, and has their colour', {}, async (page) => {
            await open(page, '/labels');
            await label(page);
            await page.locator('.labels li').first().hover();
            assert.deepEqual(await lit(page), ['boxes-1', 'Egyptian Cat']);
            assert.equal(await page.locator('#boxes-1').evaluate((one) => getComputedStyle(one).opacity), '1');
            const colours = await page.locator('.labels .bar rect, .boxes .line').evaluateAll((all) => all.map(
                (one) => getComputedStyle(one)[one.closest('.bar') ? 'fill' : 'stroke']));
            assert.equal(colours.length, 3);
            assert.equal(new Set(colours).size, 1, String(colours));
        });
        await check('a chosen label stays lit until it is chosen again, and the page stays in place', {},
            async (page) => {
                await open(page, '/labels');
                await label(page);
                await is_shown(page, '.picture img');
                const cat = page.getByRole('button', { name: 'Cat', exact: true });
                const away = () => page.locator('.shell h2').hover();
                await cat.scrollIntoViewIfNeeded();
                await settled(page);
                const before = await page.evaluate(() => scrollY);
                await cat.click();
                await settled(page);
                assert.equal(await page.evaluate(() => scrollY), before, 'nothing scrolls');
                assert.equal(await cat.getAttribute('aria-pressed'), 'true');
                await away();
                assert.deepEqual(await lit(page), ['boxes-1', 'Cat'], 'kept');
                await cat.click();
                await away();
                assert.deepEqual(await lit(page), [], 'given up');
                assert.equal(await cat.getAttribute('aria-pressed'), 'false');
                await cat.click();
                await page.locator('.shell h2').click();
                assert.deepEqual(await lit(page), [], 'a click elsewhere gives it up');
            });
        await check('a label is chosen with the keyboard, and given up with Escape', {}, async (page) => {
            await open(page, '/labels');
            await label(page);
            await page.keyboard.press('Tab');
            await page.keyboard.press('Enter');
            await page.keyboard.press('Shift+Tab');
            assert.deepEqual(await lit(page), ['boxes-1', 'Egyptian Cat']);
            await page.keyboard.press('Escape');
            assert.deepEqual(await lit(page), []);
        });
        await check('a finger lights a label up and off, and leads to a picture out of sight',
            { hasTouch: true, isMobile: true, viewport: { width: 390, height: 400 } }, async (page) => {
                await open(page, '/labels');
                await label(page);
                await is_shown(page, '.picture img');
                const cat = page.getByRole('button', { name: 'Cat', exact: true });
                await cat.evaluate((one) => one.scrollIntoView({ block: 'start', behavior: 'instant' }));
                await cat.tap();
                await settled(page);
                assert.deepEqual(await lit(page), ['boxes-1', 'Cat']);
                const { top, bottom } = await page.locator('#boxes-1').evaluate(
                    (one) => one.getBoundingClientRect().toJSON());
                assert.ok(top < 390 && bottom > 10, `its box is from ${top} to ${bottom}`);
                await cat.tap();
                assert.deepEqual(await lit(page), []);
            });
        await check('the chosen picture stays for the next question', {}, async (page) => {
            await open(page, '/labels');
            await label(page);
            await page.locator('summary').first().click();
            await page.locator('#max_labels').fill('1');
            await page.getByRole('button', { name: 'Label it' }).click();
            await page.waitForSelector('#result h2:text-is("Egyptian Cat")');
            await is_shown(page, '.picture img');
        });
        await check('what can\'t be sent is refused at once, and a picture after it takes the error away', {},
            async (page, context) => {
                const refused = async (what) => {
                    await page.waitForFunction((part) => document.querySelector('#image-error')
                        ?.innerText.includes(part), what);
                    assert.equal(await page.locator('#image').getAttribute('aria-invalid'), 'true', what);
                    assert.equal(await page.locator('#image').evaluate((one) => one.files.length), 0, what);
                    assert.equal(await page.locator('.preview img').count(), 0, what);
                };
                const accepted = async () => {
                    await page.setInputFiles('#image', CAT);
                    await is_shown(page, '.preview img');
                    assert.equal(await page.locator('.error, .problem, [aria-invalid]').count(), 0);
                };
                const give = (name, mimeType, buffer) =>
                    page.setInputFiles('#image', { name, mimeType, buffer });
                await open(page, '/labels');
                await drop_path(page, context, path.join(__dirname, 'package.json'));
                await refused('package.json is no picture');
                await accepted();
                await drop_path(page, context, SAMPLES);
                await refused('from samples. Choose a picture, and no folder');
                await accepted();
                await give('none.png', 'image/png', Buffer.alloc(0));
                await refused('none.png is empty');
                await give('large.jpg', 'image/jpeg', Buffer.alloc(9000004));
                await refused('large.jpg has 8.6 MiB. Choose a picture of at most 8 MiB.');
                await send(page);
                await accepted();
                assert.doesNotMatch(await page.title(), /Error/);
            });
        await check('a file that only its name makes a picture is told of at once, and no gap is shown', {},
            async (page) => {
                await open(page, '/labels');
                await page.setInputFiles('#image',
                    { name: 'note.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('a note') });
                await page.waitForSelector('#image-error');
                assert.match(await text(page, '#image-error'), /note.jpg can't be read as a picture/);
                assert.equal(await page.locator('.preview img').count(), 0);
                await send(page);
                assert.match(await text(page, '#image-error'), /^This is text; send a JPEG or a PNG/);
            });
        await check('what has been sent of a picture can be seen', {}, async (page, context) => {
            await open(page, '/labels');
            const network = await context.newCDPSession(page);
            await network.send('Network.enable');
            await network.send('Network.emulateNetworkConditions',
                { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 40000 });
            await page.setInputFiles('#image', CAT);
            await page.getByRole('button', { name: 'Label it' }).click();
            await page.waitForSelector('progress:not([hidden])');
            await page.waitForSelector('.result');
            assert.equal(await page.locator('progress:not([hidden])').count(), 0);
        });
        await check('all of it can be done with the keyboard alone', {}, async (page) => {
            await open(page, '/labels');
            await page.setInputFiles('#image', CAT); // its dialog is the browser's
            await page.locator('#image').focus();
            for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
            await page.waitForSelector('.result');
            assert.equal(await focused(page), 'result');
            await page.keyboard.press('Tab');
            assert.equal(await page.locator('.boxes .lit').count(), 1, 'a label is next');
        });
        await check('on a phone there is a button for the camera', { hasTouch: true, isMobile: true },
            async (page) => {
                await open(page, '/labels');
                const camera = page.locator('.camera input');
                assert.equal(await camera.getAttribute('capture'), 'environment');
                await camera.setInputFiles(CAT);
                await is_shown(page, '.preview img');
                await send(page);
                assert.ok((await names(page)).includes('Cat'));
            });
    };

    return {
        STATES,
        has_models,
        run: async (models) => {
            if (!models) {
                skip('the labels page at work', 'the server has no models; try make models');
                return;
            }
            await check_both();
            await check_plain();
            await check_samples();
            await check_script();
        },
    };
};
