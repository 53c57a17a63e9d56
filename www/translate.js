/*
 * translate.js - what the translate page adds to its form: a button that turns the direction round,
 * a count of what is left of the limit, a button that copies the translation, and Ctrl+Enter.
 *
 * The form is sent and the answer shown by dime.js. Bytes are counted as the form sends them: in
 * UTF-8, with a line's end as two.
 */
'use strict';

(() => {
    const LARGEST = 10000;
    const NEAR = 9000; // from there on the count is told
    const encoder = new TextEncoder();
    const find = (selector) => document.querySelector(selector);

    const element = (name, properties, ...children) => {
        const made = Object.assign(document.createElement(name), properties);
        made.append(...children);
        return made;
    };

    const size_of = (text) => encoder.encode(text.replace(/\r?\n/g, '\r\n')).length;

    const show_size = () => {
        const size = size_of(find('#text').value);
        const count = find('.count');
        count.textContent = size < NEAR ? '' : `${size.toLocaleString('en')} of ${LARGEST.toLocaleString('en')} bytes`;
        count.classList.toggle('over', size > LARGEST);
    };

    const has = (select, value) => [...select.options].some((option) => option.value === value);

    /* What was the target becomes the source, and the translation the text. */
    const swap = () => {
        const source = find('#source'), target = find('#target');
        const from = find('.result')?.dataset.source ?? source.value, to = target.value;
        if (has(source, to)) source.value = to;
        if (has(target, from)) target.value = from;
        const translated = find('.result .translated');
        if (translated) {
            find('#text').value = translated.textContent;
            find('.result').remove();
            show_size();
        }
        find('#text').focus();
    };

    /* Nobody wants a text in the language that it has: the other menu takes the old choice. */
    let chosen = {};
    const remember = () => { chosen = { source: find('#source').value, target: find('#target').value }; };
    const keep_apart = (event) => {
        const other = find(event.target.id === 'source' ? '#target' : '#source');
        const old = chosen[event.target.id];
        if (other.value === event.target.value && has(other, old)) other.value = old;
        remember();
    };

    const make_copy = () => {
        const translated = find('.result .translated');
        if (!translated || !navigator.clipboard) return; // it is there in a secure context only
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
        const button = element('button', { type: 'button', className: 'swap', title: 'Turn round' });
        button.setAttribute('aria-label', 'Turn the direction round');
        button.addEventListener('click', swap);
        find('.languages').firstElementChild.after(button);
        const count = element('span', { className: 'count' });
        count.setAttribute('role', 'status');
        find('#text-hint').append(' ', count);
        find('#text').addEventListener('input', show_size);
        find('#text').addEventListener('keydown', (event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
        });
        for (const menu of [find('#source'), find('#target')]) menu.addEventListener('change', keep_apart);
        make_copy();
        remember();
        show_size();
    };

    document.addEventListener('dime:shown', dress);
    dress();
})();
