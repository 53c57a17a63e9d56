// compare.js - fills random templates by dime and by npm's mustache, and compares them byte for byte.
//
// usage: NODE_PATH=MODULES node compare.js FILL [COUNT [SEED]]
// The seed is fixed, so each run compares the same templates. What is left out or undone on purpose:
// - mustache also escapes / ` and =, which HTML doesn't ask for: undone in what it writes.
// - A number is written as it stands in the JSON, by mustache as JavaScript prints it (1e2 is 100):
//   here are only those that JavaScript prints as they stand.
// - An array or an object in {{name}} is written as its JSON; JavaScript has "[object Object]" and
//   "1,2": here they get a toString that gives JSON.
// - A partial in a line with something else isn't indented, as the specification has it; mustache
//   indents its lines from the second on if it's the first tag of its line: here it's never the first.
// - A null in a list makes mustache throw, and names such as toString mean something to JavaScript:
//   here are none of them.
'use strict';
const { spawnSync } = require('node:child_process');
const Mustache = require('mustache');

const fill = process.argv[2];
const COUNT = Number(process.argv[3] || 4000);
const SHOWN = 5;

// A generator of numbers that is the same everywhere (mulberry32).
let state = Number(process.argv[4] || 20260301);
function random() {
    state = (state + 0x6D2B79F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (count) => Math.floor(random() * count);
const chance = (share) => random() < share;
const pick = (list) => list[below(list.length)];
const repeat = (most, make) => Array.from({ length: below(most + 1) }, make);

// Few names, so that most are found somewhere, and often in more than one place.
const NAMES = ['a', 'b', 'c', 'list', 'on?', 'x-y', 'h\u00e9'];
const PARTIALS = ['p', 'q.html', 'r'];
const STRINGS = ['', 'x', '0', 'false', '<b>&"\'</b>', 'a/b=`c`', '{{a}}', 'two\nlines\n', ' \t', '\u20ac\u{1f600}',
    'back\\slash "quoted"', '&amp;'];
const NUMBERS = [0, 1, -1, 0.5, 85, 1.21, -273.15, 1234567890123, 1e21];
const TEXTS = ['x', ' ', '  ', '\t', 'text', '{', '}', '{ {', '<p>', ' }} ', '\u00e9\u20ac', '|', '&', '"', '='];
const DELIMITERS = [['{{', '}}'], ['<%', '%>'], ['|', '|'], ['[[', ']]'], ['{', '}'], ['@', '#@'], ['<<<', '>']];

function value(depth) {
    const kind = below(depth > 0 ? 10 : 6);
    if (kind === 0)
        return chance(0.3) ? null : true;
    if (kind === 1)
        return false;
    if (kind <= 3)
        return pick(STRINGS);
    if (kind <= 5)
        return pick(NUMBERS);
    if (kind <= 7)
        return list(depth - 1);
    return object(depth - 1);
}

function list(depth) {
    return repeat(3, () => value(depth)).filter((item) => item !== null);
}

function object(depth) {
    const made = Object.fromEntries(repeat(7, () => [pick(NAMES), value(depth)]));
    // JavaScript's strings have a length and characters by number, dime's don't: these are lists.
    if ('list' in made && !Array.isArray(made.list))
        made.list = list(depth);
    return made;
}

const name = () => (chance(0.12) ? '.'
    : chance(0.1) ? pick(['list.length', 'list.0', 'list.1.a', 'list.2', 'list.01', '0', '1', 'length', 'a.list.length'])
    : chance(0.25) ? `${pick(NAMES)}.${pick(NAMES)}${chance(0.3) ? '.' + pick(NAMES) : ''}`
        : pick(NAMES));
const blank = () => (chance(0.7) ? '' : pick([' ', '  ', '\t', '\n', ' \r\n ']));
const lineEnd = () => (chance(0.8) ? '\n' : '\r\n');

// Writes one template; what a tag needs to know of what stands before it is kept here.
class Writer {
    constructor(partials) {
        this.partials = partials;
        this.delimiters = DELIMITERS[0];
        this.text = '';
    }

    tag(sign, inside) {
        const [open, close] = this.delimiters;
        this.text += `${open}${blank()}${sign}${blank()}${inside}${blank()}${close}`;
    }

    variable() {
        const [open, close] = this.delimiters;
        if (chance(0.2))
            this.text += `${open}{${blank()}${name()}${blank()}}${close}`;
        else
            this.tag(pick(['', '', '&']), name());
    }

    comment() {
        const words = pick(['', 'c', 'some words', 'on two\nlines', '= # >']);
        this.tag('!', words.includes(this.delimiters[1]) ? '' : words);
    }

    delimit() {
        const next = pick(DELIMITERS);
        const [open, close] = this.delimiters;
        this.text += `${open}=${blank()}${next[0]}${pick([' ', '  ', '\n'])}${next[1]}${blank()}=${close}`;
        this.delimiters = next;
    }

    inlinePartial() {
        this.comment();
        this.tag('>', pick(this.partials));
    }

    section(depth) {
        const named = name();
        const alone = chance(0.5);
        const indent = () => (alone ? pick(['', ' ', '\t', '  ']) : '');
        const end = () => (alone ? pick(['', ' ']) + lineEnd() : '');
        if (alone)
            this.text += lineEnd() + indent();
        this.tag(pick(['#', '#', '^']), named);
        this.text += end();
        this.block(depth - 1);
        if (alone)
            this.text += lineEnd() + indent();
        this.tag('/', named);
        this.text += end();
    }

    // Tags in a line of their own, now and then several.
    line() {
        this.text += lineEnd() + pick(['', '', ' ', '   ', '\t']);
        const kind = below(3);
        if (kind === 0 && this.partials.length)
            this.tag('>', pick(this.partials));
        else if (kind === 1)
            this.delimit();
        else
            this.comment();
        while (chance(0.15)) {
            this.text += pick(['', ' ']);
            this.comment();
        }
        this.text += pick(['', '', ' ', '\t']) + lineEnd();
    }

    block(depth) {
        for (let i = 1 + below(8); i > 0; i--) {
            const kind = below(depth > 0 ? 13 : 10);
            if (kind <= 2)
                this.plain(pick(TEXTS));
            else if (kind <= 3)
                this.text += lineEnd();
            else if (kind <= 6)
                this.variable();
            else if (kind === 7)
                this.comment();
            else if (kind === 8)
                this.line();
            else if (kind === 9 && this.partials.length)
                this.inlinePartial();
            else if (depth > 0)
                this.section(depth);
        }
    }

    // Text mustn't begin a tag, nor with what comes next.
    plain(text) {
        const open = this.delimiters[0];
        if (!text.includes(open) && !text.endsWith(open[0]))
            this.text += text;
    }
}

function template(partials, depth) {
    const writer = new Writer(partials);
    writer.block(depth);
    return writer.text;
}

function makeCase() {
    // A partial includes those behind it in the list, so that each ends.
    const partials = Object.fromEntries(PARTIALS.map((partial, i) => [partial, template(PARTIALS.slice(i + 1), 2)]));
    if (chance(0.1))
        delete partials[pick(PARTIALS)];
    const whole = template(PARTIALS, 4);
    return {
        // Now and then one that is cut off: wrong to both, mostly.
        template: chance(0.1) ? whole.slice(0, below(whole.length)) : whole,
        contexts: Array.from({ length: chance(0.8) ? 1 : 2 }, () => object(4)),
        partials,
    };
}

// Gives each array and object the text that dime writes.
function printable(node) {
    if (node && typeof node === 'object') {
        const text = JSON.stringify(node);
        Object.values(node).forEach(printable);
        Object.defineProperty(node, 'toString', { value: () => text, enumerable: false });
    }
    return node;
}

// The page, or nothing where the template is wrong.
function byMustache(one) {
    const contexts = JSON.parse(JSON.stringify(one.contexts)).map(printable);
    const context = contexts.reduce((outer, view) => new Mustache.Context(view, outer), undefined);
    Mustache.clearCache();
    try {
        return Mustache.render(one.template, context, one.partials)
            .replaceAll('&#x2F;', '/').replaceAll('&#x60;', '`').replaceAll('&#x3D;', '=');
    } catch (error) {
        if (!/^Un(closed|opened) /.test(error.message))
            throw error;
        return undefined;
    }
}

function byDime(cases) {
    const done = spawnSync(fill, {
        input: cases.map((one) => JSON.stringify(one) + '\n').join(''), encoding: 'utf8', maxBuffer: 1 << 30,
    });
    if (done.status !== 0)
        throw new Error(`fill: ${done.error || done.stderr || done.signal}`);
    return done.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
}

// What is wrong with one, or nothing.
function complaint(one, answer) {
    const wanted = byMustache(one);
    // A partial that isn't there is nothing to both, and dime's check says so.
    const complete = Object.keys(one.partials).length === PARTIALS.length;
    const check = complete ? answer.check : answer.check.replace(/^.* names an unknown partial$/s, '');
    const right = wanted === undefined ? answer.why && answer.check
        : !answer.why && !check && answer.page === wanted;
    return right ? null : { ...one, wanted, answer };
}

const cases = Array.from({ length: COUNT }, makeCase);
const answers = byDime(cases);
const complaints = cases.map((one, i) => complaint(one, answers[i])).filter(Boolean);
complaints.slice(0, SHOWN).forEach((one) => console.log(`not ok - ${JSON.stringify(one)}`));
const written = answers.filter((answer) => answer.page.trim()).length;
const unlike = new Set(answers.map((answer) => answer.page)).size;
const wrong = answers.filter((answer) => answer.why).length;
console.log(`${COUNT} templates, ${wrong} of them wrong, ${written} pages that aren't blank, ${unlike} of them different`);
console.log(`${COUNT - complaints.length} passed, ${complaints.length} failed, 0 skipped`);
process.exitCode = complaints.length ? 1 : 0;
