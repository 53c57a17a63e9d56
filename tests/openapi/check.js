// check.js - holds what `dime describe --openapi` prints against the standard, and dime's answers against it.
//
// usage: NODE_PATH=MODULES node check.js SRCDIR BUILDDIR
// The document is checked by three validators: against the schema of OpenAPI 3.1, by swagger-parser and by
// redocly's recommended rules; and so are those of the examples. Then each golden event that a described
// method asks is looked up: its status and its type must be in the document, and its body must fit
// what that says. An answer that dime gives and the document doesn't know is a failure; so is a function,
// a field or a status that it lacks. At last the functions are asked with values of all sorts: one that
// isn't as the document says must be refused.
'use strict';
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const os = require('node:os');
const SwaggerParser = require('@apidevtools/swagger-parser');
const redocly = require('@redocly/openapi-core');
const Ajv2020 = require('ajv/dist/2020').default;

const source = process.argv[2];
const build = process.argv[3];
const documentPath = path.join(build, 'www', 'openapi.json');
const document = JSON.parse(fs.readFileSync(documentPath, 'utf8'));
const FORM = 'application/x-www-form-urlencoded';
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
    if (status === 204)
        return described.content ? 'the document has a body for it' : '';
    const type = (event.response.headers['Content-Type'] || '').split(';')[0];
    if (!type)
        return event.response.body ? 'the body has no type' : '';
    const content = described.content[type];
    if (!content)
        return `the document has no ${type} for ${status}`;
    return type.endsWith('json') && event.response.body
        ? fits(content.schema, JSON.parse(event.response.body.replace('<id>', 'id'))) : '';
}

function checkGolden(name, item) {
    for (const event of eventsOf(path.join(source, 'tests', 'golden', name))) {
        // HEAD is as GET; what the function doesn't take is refused as with any method.
        const operation = item[event.request.method.toLowerCase()] || item.get;
        if (event.response.body !== undefined)
            check(`the answer of ${event.name}`, complaint(event, operation));
        // What is answered as asked must have been asked as the document says.
        const body = operation && operation.requestBody && event.request.body;
        if (event.response.status === 200)
            checkTexts(`the query of ${event.name}`, new URLSearchParams(event.request.query), parametersOf(item.get));
        if (body && event.response.status === 200 && body.startsWith('{')) {
            const schema = operation.requestBody.content['application/json'].schema;
            check(`the request of ${event.name}`, fits(schema, JSON.parse(body)));
        } else if (body && event.response.status === 200 && event.request.headers['Content-Type'] === FORM) {
            checkTexts(`the form of ${event.name}`, new URLSearchParams(body),
                follow(operation.requestBody.content[FORM].schema).properties);
        }
    }
}


function parametersOf(operation) {
    return Object.fromEntries(operation.parameters.map(({ name, schema }) => [name, schema]));
}

function checkTexts(name, texts, schemas) {
    for (const [field, text] of texts) {
        if (schemas[field])
            check(`${name}: ${field}`, fits(schemas[field], text));
    }
}

// What people and programs send, rightly or wrongly, for any field.
const VALUES = [
    null, true, false, 0, 1, -1, 25, 10000001, 0.5, 1e300, '', ' ', '0', '1', '2', '-1', '25', '2.0', '1e2', 'on',
    ' OFF\t', 'Yes', 'y', 'null', 'usd', 'é', 'é'.repeat(16), 'é'.repeat(17), 'x'.repeat(32), 'x'.repeat(33),
    'é'.repeat(200), 'x'.repeat(201), '1'.repeat(128), '1'.repeat(129), '25,10', ' 25 , 10 ', '25,', '25;10', '25:2',
    ' 25 : 2 ,10:0', '25:-1', '25:-0', '25:', '{"25":2}', '[25]', [], [25], [1, 25], ['25'], [null], [[25]], [0], [25.5],
    Array.from({ length: 32 }, (_, i) => i + 1), Array.from({ length: 33 }, (_, i) => i + 1), {}, { 25: 9, 1: 99 },
    { 25: '9' }, { 25: null }, { a: 1 }, { '': 1 }, { '25.0': 1 }, { 25: -1 }, { 25: 1e30 }, { 25: 0.5 },
    Object.fromEntries(Array.from({ length: 33 }, (_, i) => [i + 1, 9])),
];

// What a function says of itself.
function describe(name) {
    return JSON.parse(execFileSync(path.join(build, name), ['--describe'], { encoding: 'utf8' }));
}

// Fields with which the function answers, whatever the one in question is.
const OTHERS = { change: { amount: 1 }, hello: {} };

function ask(name, variables, body) {
    const env = { ...process.env, SCRIPT_NAME: `/cgi-bin/${name}`, CONTENT_LENGTH: String(Buffer.byteLength(body)), ...variables };
    const { stdout } = spawnSync(path.join(build, name), { env, input: body });
    return Number(/^Status: (\d+)/.exec(stdout.toString())[1]);
}

function checkAgreement(name, field, value) {
    const item = document.paths[`/cgi-bin/${name}`];
    const fields = { ...OTHERS[name], [field]: value };
    const json = JSON.stringify(fields);
    const wrong = fits(item.post.requestBody.content['application/json'].schema, fields);
    const status = ask(name, { REQUEST_METHOD: 'POST', QUERY_STRING: '', CONTENT_TYPE: 'application/json' }, json);
    check(`${name} takes ${json} as the document does`, status === 200 && wrong);
    if (typeof value !== 'string')
        return;
    const form = String(new URLSearchParams(fields));
    for (const [variables, body, schemas] of [
        [{ REQUEST_METHOD: 'GET', QUERY_STRING: form }, '', parametersOf(item.get)],
        [{ REQUEST_METHOD: 'POST', QUERY_STRING: '', CONTENT_TYPE: FORM }, form,
            follow(item.post.requestBody.content[FORM].schema).properties],
    ])
        check(`${name} takes ${variables.REQUEST_METHOD} ${form} as the document does`,
            ask(name, variables, body) === 200 && fits(schemas[field], value));
}

function checkValues() {
    for (const name of Object.keys(OTHERS)) {
        for (const field of describe(name).fields)
            VALUES.forEach((value) => checkAgreement(name, field.name, value));
    }
}

function checkProblems() {
    const table = fs.readFileSync(path.join(source, 'src', 'request', 'problem.c'), 'utf8');
    for (const [, status, name] of table.matchAll(/\{(\d+), "\/problems\/([^"]+)", "/g)) {
        const described = document.components.responses[name];
        check(`the problem ${name}`, !described && 'the document lacks it');
        const page = fs.readFileSync(path.join(build, 'www', 'problems.html'), 'utf8');
        check(`the page explains ${name}`, !page.includes(`id="${name}"`) && 'it does not');
        if (described)
            check(`the status of ${name}`, fits(described.content['application/problem+json'].schema, {
                type: `/problems/${name}`, title: 'x', status: Number(status), detail: 'x.', instance: 'x',
            }));
    }
}

// Statuses and their types: the functions' own, and those of nginx that have a type.
function statuses() {
    const table = fs.readFileSync(path.join(source, 'src', 'request', 'problem.c'), 'utf8');
    const nginx = fs.readFileSync(path.join(source, 'nginx', 'dime-base.conf.in'), 'utf8')
        .match(/map \$status \$dime_problem_type \{(.*?)\}/s)[1];
    return new Map([...table.matchAll(/\{(\d+), "\/problems\/([^"]+)", "/g), ...nginx.matchAll(/(\d+) \/problems\/(.*?);/g)]
        .map(([, status, name]) => [status, name]));
}

function constOf(response, name) {
    return response.content['application/problem+json'].schema.allOf[1].properties[name].const;
}

// What is said of a body's size holds for the function itself.
function checkLimit(name, operation) {
    const said = operation.requestBody.description;
    check(`${name} tells its own limit`, said !== `At most ${describe(name).bodyMax} bytes.` && `it says: ${said}`);
}

// Health needs no body and no token, and isn't counted by the limit of requests.
function checkHealth() {
    const { responses } = document.paths['/healthz/{function}'].get;
    for (const status of statuses().keys())
        check(`the health of a function has ${status} where it can come`,
            !['400', '401', '413', '415', '422', '429', '502'].includes(status) !== Boolean(responses[status]));
}

// A status is described where it can come: 401 of a function that may ask for a token alone, 502 of one
// that needs another service.
function checkStatuses(name, operation) {
    for (const [status, type] of statuses()) {
        const response = follow(operation.responses[status]);
        if (response)
            check(`${name} has ${status} with its type`, constOf(response, 'type') !== `/problems/${type}`
                || constOf(response, 'status') !== Number(status) ? 'it has another' : '');
        else
            check(`${name} has ${status}`, !['401', '502'].includes(status) && 'it lacks it');
    }
}

function checkFunctions() {
    const makefile = fs.readFileSync(path.join(source, 'Makefile.am'), 'utf8');
    const names = [...makefile.matchAll(/^function_PROGRAMS *\+?= *(.*)$/gm)].flatMap(([, list]) => list.split(' '));
    check('Makefile.am lists functions', names.length < 2 && 'it has none');
    for (const name of names) {
        const item = document.paths[`/cgi-bin/${name}`];
        check(`the function ${name} is described`, !item && 'it is not');
        if (!item)
            continue;
        const { fields: table } = describe(name);
        const fields = table.map((field) => field.name).join();
        const asked = item.get.parameters.map((parameter) => parameter.name).join();
        // A file has no place in an address.
        const short = table.filter((field) => field.kind !== 'file').map((field) => field.name).join();
        check(`${name} has all fields in the query`, asked !== short && `${asked}, not ${short}`);
        for (const [type, { schema }] of Object.entries(item.post.requestBody.content)) {
            const { properties } = follow(schema);
            if (!properties && (type.startsWith('image/') || type === 'text/plain'))
                continue; // the body is the file itself, or a message
            const sent = Object.keys(properties || {}).join();
            check(`${name} has all fields as ${type}`, sent !== fields && `${sent}, not ${fields}`);
        }
        checkLimit(name, item.post);
        checkStatuses(`GET ${name}`, item.get);
        checkStatuses(`POST ${name}`, item.post);
    }
}

// What redocly recommends and isn't so here: see the reasons.
const RULES = {
    'operation-2xx-response': 'off', // what redirects has none
    'operation-4xx-response': 'off', // OPTIONS and the server's own health fail in no way of their own
    'no-unused-components': 'off', // what functions share is in every document
};

async function validate(name, text, Validator) {
    const parsed = JSON.parse(text);
    const result = await new Validator().validate(structuredClone(parsed));
    check(`${name} is OpenAPI 3.1`, !result.valid && JSON.stringify(result.errors).slice(0, 500));
    const why = await SwaggerParser.validate(structuredClone(parsed)).then(() => '', (error) => String(error).slice(0, 500));
    check(`${name} passes swagger-parser`, why);
    const problems = await redocly.lintFromString({ source: text, absoluteRef: `${name}.json`,
        config: await redocly.createConfig({ extends: ['recommended'], rules: RULES }) });
    check(`${name} passes redocly`, problems.map(({ message, location }) => `${location[0]?.pointer}: ${message}`).join('; ').slice(0, 500));
}

// The documents of functions that aren't dime's, as the suite "library" and its kin build them.
function examples() {
    const folder = path.join(source, 'docs', 'examples');
    const made = fs.mkdtempSync(path.join(os.tmpdir(), 'dime-openapi'));
    const libraries = { export: ['-lsqlite3'], shortener: ['-lsqlite3'], thumbnail: ['-lturbojpeg', '-lpng', '-lexif'] };
    const found = fs.readdirSync(folder).map((name) => {
        const files = fs.readdirSync(path.join(folder, name)).filter((file) => file.endsWith('.c'));
        execFileSync('cc', ['-std=gnu17', '-D_GNU_SOURCE', ...files, '-I', path.join(source, 'src'), '-L', build, '-ldime', ...(libraries[name] || []),
            '-lm', '-o', path.join(made, name)], { cwd: path.join(folder, name) });
        return [name, execFileSync(path.join(build, 'dime-describe'), ['--openapi', path.join(made, name)], { encoding: 'utf8' })];
    });
    fs.rmSync(made, { recursive: true });
    return found;
}

async function main() {
    // A module of the newer kind isn't found by NODE_PATH, only by its address.
    const modules = process.env.NODE_PATH;
    const { Validator } = await import(path.join(modules, '@seriousme/openapi-schema-validator/index.js'));
    await validate('the document', fs.readFileSync(documentPath, 'utf8'), Validator);
    for (const [name, text] of examples())
        await validate(`the document of ${name}`, text, Validator);
    for (const [address, item] of Object.entries(document.paths)) {
        if (address.startsWith('/cgi-bin/'))
            checkGolden(address.split('/')[2], item);
    }
    for (const name of fs.readdirSync(path.join(source, 'tests', 'golden'))) {
        if (fs.statSync(path.join(source, 'tests', 'golden', name)).isDirectory())
            check(`${name} is described`, !document.paths[`/cgi-bin/${name}`] && 'it is not');
    }
    checkProblems();
    checkFunctions();
    checkHealth();
    checkValues();
    console.log(`${passed} passed, ${failed} failed, 0 skipped`);
    process.exitCode = failed ? 1 : 0;
}

main();
