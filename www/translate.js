/*
 * translate.js - extends the form on the translate page: a button that swaps the languages, a count of
 * the bytes near the limit, a button that copies the translation, and Ctrl+Enter.
 *
 * dime.js sends the form and shows the answer. Bytes are counted as in translate: in UTF-8, with one for
 * a line's end. The form's default values, which the server wrote, are the text and languages of the
 * translation; it's outdated as soon as the form has other values.
 */
'use strict';

(() => {
    const LARGEST = 10000;
    const NEAR = 9000; // from this size on the count is shown
    const encoder = new TextEncoder();
    const find = (selector) => document.querySelector(selector);

    const element = (name, properties, ...children) => {
        const made = Object.assign(document.createElement(name), properties);
        made.append(...children);
        return made;
    };

    const size_of = (text) => encoder.encode(text.replace(/\r\n/g, '\n')).length;

    const show_size = () => {
        const size = size_of(find('#text').value);
        const count = find('.count');
        count.textContent = size < NEAR ? '' : `${size.toLocaleString('en')} of ${LARGEST.toLocaleString('en')} bytes`;
        count.classList.toggle('over', size > LARGEST);
    };

    const has = (select, value) => [...select.options].some((option) => option.value === value);

    /* Whether the translation is that of what the form holds now. */
    const is_current = () => {
        const kept = ({ options, value }) => [...options].some((one) => one.defaultSelected && one.value === value);
        const text = find('#text');
        return find('.result .translated') !== null && text.value === text.defaultValue
            && kept(find('#source')) && kept(find('#target'));
    };

    const show_age = () => {
        const result = find('.result');
        if (!result) return;
        const old = !is_current();
        result.classList.toggle('old', old);
        find('.age').textContent = old ? 'The text or a language has changed since.' : '';
    };

    /* The language of a code that can be chosen as a source: en for en-US, if need be. */
    const as_source = (code) => [code, code.split('-')[0]].find((one) => has(find('#source'), one));

    /* Swaps the menus; a translation that isn't outdated becomes the text. */
    const swap = () => {
        const source = find('#source'), target = find('#target'), current = is_current();
        const from = source.value === 'auto' && current ? find('.result').dataset.source : source.value;
        const to = as_source(target.value);
        if (!to || !has(target, from) || !is_pair(to, from)) return;
        source.value = to;
        target.value = from;
        if (current) {
            find('#text').value = find('.result .translated').textContent;
            find('.result').remove();
            show_size();
        }
        remember();
        show_age();
        find('#text').focus();
    };

    /* The pairs of languages, fetched once; null: any pair is possible, or they aren't known. */
    let pairs = null;
    const ask_pairs = async () => {
        const answer = await fetch('/cgi-bin/translate', { headers: { Accept: 'application/json' } });
        pairs = (await answer.json()).Pairs ?? null;
    };

    const is_pair = (source, target) => source !== target && (!pairs || pairs.some(
        (one) => one.SourceLanguageCode === source && one.TargetLanguageCode === target));

    /* If a menu's language has no pair with the new one, it gets the new one's old value, or one with a pair. */
    let chosen = {};
    const remember = () => { chosen = { source: find('#source').value, target: find('#target').value }; };
    const keep_pair = ({ target: menu }) => {
        const other = find(menu.id === 'source' ? '#target' : '#source');
        const fits = (code) => (menu.id === 'source' ? is_pair(menu.value, code) : is_pair(code, menu.value));
        const codes = [other.value, chosen[menu.id], ...[...other.options].map((option) => option.value)];
        other.value = codes.find((code) => has(other, code) && fits(code)) ?? other.value;
        remember();
        show_age();
    };

    const make_copy = () => {
        const translated = find('.result .translated');
        if (!translated || !navigator.clipboard) return; // it exists in a secure context only
        const button = element('button', { type: 'button', className: 'copy' }, 'Copy');
        button.setAttribute('aria-live', 'polite');
        button.addEventListener('click', async () => {
            const copied = navigator.clipboard.writeText(translated.textContent);
            button.textContent = await copied.then(() => 'Copied', () => 'Not copied');
            setTimeout(() => { button.textContent = 'Copy'; }, 2000);
        });
        find('.result .by').append(button);
    };

    const dress = () => {
        const button = element('button', { type: 'button', className: 'swap', title: 'Swap' });
        button.setAttribute('aria-label', 'Swap the languages');
        button.addEventListener('click', swap);
        find('.languages').firstElementChild.after(button);
        const count = element('span', { className: 'count' });
        count.setAttribute('role', 'status');
        find('#text-hint').append(' ', count);
        find('#text').addEventListener('input', show_size);
        find('#text').addEventListener('input', show_age);
        find('#text').addEventListener('keydown', (event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
        });
        for (const menu of [find('#source'), find('#target')]) menu.addEventListener('change', keep_pair);
        make_copy();
        const age = element('span', { className: 'age' });
        age.setAttribute('role', 'status');
        find('.result .by .hint')?.append(' ', age);
        remember();
        show_size();
        show_age();
    };

    document.addEventListener('dime:shown', dress);
    dress();
    ask_pairs().catch(() => { /* then an impossible pair becomes an error at its menu */ });
})();
