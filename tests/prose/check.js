// check.js - looks with write-good for what makes prose hard to read.
//
// Reads [{"path": ..., "text": ...}, ...] from stdin. Which of write-good's rules hold is said here, in one
// place. Each is given a text that breaks it, and must find it.
'use strict';

const writeGood = require('write-good');

const RULES = {
    illusion: true, // the the
    thereIs: true, // "There is a file that ..." has its subject last
    cliches: true,
    tooWordy: true, // "in order to", "utilize"
    // A manual needs "is closed", "many", "only", "is", and "So" before what follows.
    passive: false,
    weasel: false,
    adverb: false,
    eprime: false,
    so: false,
};
// What is plain here: "there is no such file" is how everybody says it, "all of it" has no shorter form, and
// AWS itself says "maximum". "dime help help" is a command.
const PLAIN = new RegExp('^\\s*(?:it (?:is|was)|there (?:is|are) (?:no|none|nothing|something|more than)|all of|type of|a number of|' +
    'outside of|help|however|allocate|multiple|additional|maximum)\\b', 'i');
const NAME = /[^a-z\s'-]/i; // a name, or a piece of code: it isn't repeated by mistake

const BROKEN = {
    illusion: 'It closes the the file.',
    thereIs: 'It ends. There is a file.',
    cliches: 'It has a clean slate.',
    tooWordy: 'It ends in order to begin.',
};

function faultsOf({ path, text }) {
    const flat = text.replace(/\n(?!\s*\n)/g, ' '); // a line's end is no sentence's
    return writeGood(flat, RULES).flatMap(({ index, offset, reason }) => {
        const found = flat.substr(index, offset);
        if (PLAIN.test(flat.slice(index, index + 60).replace(/\s+/g, ' ')) || NAME.test(found))
            return [];
        const at = index + found.length - found.trimStart().length;
        const around = flat.slice(Math.max(0, at - 30), at + 40).trim().replace(/\s+/g, ' ');
        return [`${path}:${text.slice(0, at).split('\n').length}: ${reason.replace(/\s+/g, ' ')}: ${around}`];
    });
}

let passed = 0;
let failed = 0;

function check(what, faults) {
    for (const fault of faults)
        console.log(`not ok - ${fault}`);
    failed += faults.length;
    if (!faults.length) {
        console.log(`ok - ${what}`);
        passed++;
    }
}

for (const rule of Object.keys(RULES).filter((name) => RULES[name])) {
    const found = faultsOf({ path: rule, text: BROKEN[rule] }).length === 1;
    check(`the rule ${rule} finds what breaks it`, found ? [] : [`the rule ${rule} finds nothing`]);
}
for (const text of JSON.parse(require('fs').readFileSync(0, 'utf8')))
    check(text.path, faultsOf(text));
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed ? 1 : 0;
