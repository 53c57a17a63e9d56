// check.js - holds www/openapi.json against the standard, and dime's own answers against it.
//
// usage: NODE_PATH=MODULES node check.js SRCDIR
// The document is checked against the schema of OpenAPI 3.1. Then each golden event that a described
// method asks is looked up: its status and its type must be in the document, and its body must fit
// what that says. An answer that dime gives and the document doesn't know is a failure.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const Ajv2020 = require('ajv/dist/2020').default;

const source = process.argv[2];
const documentPath = path.join(source, 'www', 'openapi.json');
const document = JSON.parse(fs.readFileSync(documentPath, 'utf8'));
let passed = 0;
let failed = 0;

function check(name, why) {
    if (why) {
        failed++;
        console.log(`not ok - ${name}: ${why}`);
    } else {
        passed++;
        console.log(`ok - ${name}`);
    }
}

function follow(node) {
    return node && node.$ref
        ? node.$ref.slice(2).split('/').reduce((at, part) => at[part], document) : node;
}

// A schema of the document with its references, by the address that it has there.
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema({ $id: 'doc', ...document });

function fits(schema, value) {
    const inside = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"doc#/'));
    return ajv.validate(inside, value) ? '' : ajv.errorsText();
}

function eventsOf(folder) {
    return fs.readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => ({
        name: `${path.basename(folder)}/${name.slice(0, -5)}`,
        ...JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')),
    }));
}

function complaint(event, operation) {
    const { status } = event.response;
    const described = follow(operation.responses[String(status)]);
    if (!described)
        return `the document has no ${status}`;
    const type = (event.response.headers['Content-Type'] || '').split(';')[0];
    const content = described.content[type];
    if (!content)
        return `the document has no ${type} for ${status}`;
    return type.endsWith('json') && event.response.body
        ? fits(content.schema, JSON.parse(event.response.body.replace('<id>', 'id'))) : '';
}

function checkGolden(name, item) {
    for (const event of eventsOf(path.join(source, 'tests', 'golden', name))) {
        const operation = item[event.request.method.toLowerCase()];
        if (operation && event.response.body !== undefined)
            check(`the answer of ${event.name}`, complaint(event, operation));
        // What is answered as asked must have been asked as the document says.
        const body = operation && operation.requestBody && event.request.body;
        if (body && event.response.status === 200 && body.startsWith('{')) {
            const schema = operation.requestBody.content['application/json'].schema;
            check(`the request of ${event.name}`, fits(schema, JSON.parse(body)));
        }
    }
}

function checkProblems() {
    const table = fs.readFileSync(path.join(source, 'src', 'core', 'problem.c'), 'utf8');
    for (const [, status, name] of table.matchAll(/\{(\d+), "([^"]+)", "/g)) {
        const described = document.components.responses[name];
        check(`the problem ${name}`, !described && 'the document lacks it');
        const page = fs.readFileSync(path.join(source, 'www', 'problems.html'), 'utf8');
        check(`the page explains ${name}`, !page.includes(`id="${name}"`) && 'it does not');
        if (described)
            check(`the status of ${name}`, fits(described.content['application/problem+json'].schema, {
                type: `/problems/${name}`, title: 'x', status: Number(status), detail: 'x.', instance: 'x',
            }));
    }
}

async function main() {
    // A module of the newer kind isn't found by NODE_PATH, only by its address.
    const modules = process.env.NODE_PATH;
    const { Validator } = await import(path.join(modules, '@seriousme/openapi-schema-validator/index.js'));
    const result = await new Validator().validate(document);
    check('the document is OpenAPI 3.1', !result.valid && JSON.stringify(result.errors).slice(0, 500));
    for (const [address, item] of Object.entries(document.paths)) {
        if (address.startsWith('/cgi-bin/'))
            checkGolden(address.split('/')[2], item);
    }
    for (const name of fs.readdirSync(path.join(source, 'tests', 'golden'))) {
        if (fs.statSync(path.join(source, 'tests', 'golden', name)).isDirectory())
            check(`${name} is described`, !document.paths[`/cgi-bin/${name}`] && 'it is not');
    }
    checkProblems();
    console.log(`${passed} passed, ${failed} failed, 0 skipped`);
    process.exitCode = failed ? 1 : 0;
}

main();
