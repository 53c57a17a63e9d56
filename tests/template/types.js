// types.js - checks templates against the resource types that CloudFormation and SAM publish.
//
// Usage: node types.js, with a template as JSON on stdin; prints what is wrong, a line each, and
// nothing for a template that is right. The types are those of the AWS CDK, which gathers them from
// CloudFormation's own registry: which properties a resource has, which it needs, what kind each is, and
// which attributes it has.
// They lag behind SAM in a few places, where SAM hands a property on to a resource that has it, so
// that it is checked as that resource's.
'use strict';

const { readFileSync } = require('fs');
const { loadAwsServiceSpecSync } = require('@aws-cdk/aws-service-spec');

const database = loadAwsServiceSpecSync();

// To what SAM hands on the properties that aren't its own.
const HANDED_ON = {
    'AWS::Serverless::Function': 'AWS::Lambda::Function',
    SQSEvent: 'AWS::Lambda::EventSourceMapping',
};

// What SAM documents for an API's Auth and the types leave out.
const LEFT_OUT = {
    Auth: {
        ApiKeyRequired: { type: { type: 'boolean' } },
        UsagePlan: {
            type: {
                type: 'resource',
                of: 'AWS::ApiGateway::UsagePlan',
                more: { CreateUsagePlan: { type: { type: 'string' } } },
            },
        },
    },
};

function resource(type) {
    const found = database.lookup('resource', 'cloudFormationType', 'equals', type);
    return found.length ? found[0] : undefined;
}

function isIntrinsic(value) {
    const keys = value && typeof value === 'object' ? Object.keys(value) : [];
    return keys.length === 1 && (keys[0] === 'Ref' || keys[0].startsWith('Fn::'));
}

// All that an intrinsic function may stand for, as far as the template says.
function standsFor(value) {
    if (isIntrinsic(value) && 'Fn::If' in value)
        return value['Fn::If'].slice(1).flatMap(standsFor);
    if (isIntrinsic(value) && value.Ref in (template.Parameters || {})) {
        const parameter = template.Parameters[value.Ref];
        return parameter.AllowedValues || [parameter.Default];
    }
    return isIntrinsic(value) ? [] : [value];
}

const PLAIN = {
    string: (value) => ['string', 'number', 'boolean'].includes(typeof value),
    number: (value) => typeof value === 'number',
    integer: (value) => Number.isInteger(value),
    boolean: (value) => typeof value === 'boolean',
    json: () => true,
    'date-time': (value) => typeof value === 'string',
    tag: (value) => typeof value === 'object',
};

function checkValue(value, type, path) {
    return standsFor(value).flatMap((one) => checkOne(one, type, path));
}

function checkOne(value, type, path) {
    switch (type.type) {
    case 'array':
        if (!Array.isArray(value))
            return [`${path} must be a list`];
        return value.flatMap((item, i) => checkValue(item, type.element, `${path}[${i}]`));
    case 'map':
        if (!value || typeof value !== 'object' || Array.isArray(value))
            return [`${path} must be a map`];
        return Object.entries(value).flatMap(([name, item]) =>
            checkValue(item, type.element, `${path}.${name}`));
    case 'ref': {
        const definition = database.get('typeDefinition', type.reference.$ref);
        return definition.name === 'EventSource' ? checkEvent(value, path)
            : checkProperties(value, definition, path, LEFT_OUT[definition.name]);
    }
    case 'resource':
        return checkProperties(value, resource(type.of), path, type.more);
    case 'union': {
        const wrong = type.types.map((other) => checkValue(value, other, path));
        return wrong.some((lines) => !lines.length) ? [] : wrong.flat();
    }
    default:
        if (!PLAIN[type.type])
            return [`${path} has a type that this check doesn't know: ${type.type}`];
        if (!PLAIN[type.type](value))
            return [`${path} must be of the type ${type.type}`];
        return !type.allowedValues || type.allowedValues.includes(value) ? []
            : [`${path} is none of ${type.allowedValues.join(', ')}: ${value}`];
    }
}

function checkProperties(value, definition, path, more = {}) {
    if (!value || typeof value !== 'object' || Array.isArray(value))
        return [`${path} must have properties`];
    const types = { ...more, ...definition.properties };
    const missing = Object.entries(definition.properties)
        .filter(([name, property]) => property.required && !(name in value))
        .map(([name]) => `${path} lacks ${name}`);
    return missing.concat(Object.entries(value).flatMap(([name, item]) => (types[name]
        ? checkValue(item, types[name].type, `${path}.${name}`)
        : [`${path} has no property ${name}`])));
}

// An event's Type says what its Properties are.
function checkEvent(event, path) {
    const name = `${event.Type}Event`;
    const types = [...database.follow('usesType', resource('AWS::Serverless::Function'))];
    const found = types.find((type) => type.entity.name === name);
    if (!found)
        return [`${path}.Type is no event that SAM knows: ${event.Type}`];
    const more = HANDED_ON[name] ? resource(HANDED_ON[name]).properties : {};
    return checkProperties(event.Properties, found.entity, `${path}.Properties`, more);
}

function checkResource(name, { Type: type, Properties: properties }) {
    const definition = resource(type);
    if (!definition)
        return [`${name} is of no type that there is: ${type}`];
    const more = HANDED_ON[type] ? resource(HANDED_ON[type]).properties : {};
    return checkProperties(properties || {}, definition, name, more);
}

// Each attribute that is asked for must be one that its resource has.
function checkAttributes(value, path) {
    if (!value || typeof value !== 'object')
        return [];
    const [name, attribute] = value['Fn::GetAtt'] || [];
    const { Type: type } = template.Resources[name] || {};
    const { attributes } = resource(HANDED_ON[type] || type) || {};
    if (attributes && !(attribute in attributes))
        return [`${path}: ${name} has no attribute ${attribute}`];
    return Object.entries(value).flatMap(([key, item]) => checkAttributes(item, `${path}.${key}`));
}

const template = JSON.parse(readFileSync(0, 'utf8'));
for (const [name, described] of Object.entries(template.Resources))
    checkResource(name, described).forEach((line) => console.log(line));
for (const part of ['Resources', 'Outputs'])
    checkAttributes(template[part], part).forEach((line) => console.log(line));
