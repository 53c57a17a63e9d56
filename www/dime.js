/*
 * dime.js - shows the answer to a function's form without loading a new page.
 *
 * Every page works without this file. With it, a form is sent in the background, and the content of
 * the answer's <main> replaces this page's. The server writes all of the page, and this file none. A form that leads to another function's page is left to the browser, so that the
 * address changes too. The submit button stays enabled during a request: a second request
 * replaces the first, and the button keeps the keyboard's focus. The event dime:shown reports new
 * content to a page's own script.
 */
'use strict';

(() => {
    const PATIENCE_MS = 30000;
    let running = null; // the current XMLHttpRequest

    const element = (name, properties, ...children) => {
        const made = Object.assign(document.createElement(name), properties);
        made.append(...children);
        return made;
    };

    const last_part = (address) => new URL(address, location.href).pathname.split('/').pop();

    /* Puts this server's address into each curl line, and adds a button to copy the line. */
    const finish = (main) => {
        for (const code of main.querySelectorAll('.curl code')) {
            code.textContent = code.textContent.replace(/http:\/\/127\.0\.0\.1:8080(?=\/)/,
                () => location.origin);
            if (!navigator.clipboard) continue; // it exists in a secure context only
            const button = element('button', { type: 'button', className: 'copy' }, 'Copy');
            button.setAttribute('aria-live', 'polite');
            button.addEventListener('click', async () => {
                const copied = navigator.clipboard.writeText(code.textContent);
                button.textContent = await copied.then(() => 'Copied', () => 'Not copied');
                setTimeout(() => { button.textContent = 'Copy'; }, 2000);
            });
            code.closest('pre').before(button);
        }
    };

    /* Scrolls to the beginning of an element that isn't fully visible: a phone shows only the form. */
    const focus = (target) => {
        if (target?.tabIndex < 0) target.tabIndex = -1;
        target?.focus();
        if (target?.getBoundingClientRect().bottom > innerHeight) target.scrollIntoView();
    };

    /* Puts the answer's page in place of this one's. */
    const show_page = (page) => {
        const main = document.querySelector('main');
        const open = [...main.querySelectorAll('details')].map((details) => details.open);
        main.replaceChildren(...document.adoptNode(page.querySelector('main')).childNodes);
        main.querySelectorAll('details').forEach((details, i) => { details.open ||= open[i]; });
        document.title = page.title;
        finish(main);
        document.dispatchEvent(new Event('dime:shown'));
        focus(main.querySelector('[aria-invalid="true"]')
            ?? main.querySelector('.problem, .result, pre.json'));
    };

    /* Shows the error if no page came back; the form stays as it was filled in. */
    const show_problem = (form, title, detail) => {
        const main = form.closest('main');
        main.querySelectorAll('.problem, .result, pre.json').forEach((old) => old.remove());
        for (const old of main.querySelectorAll('.error')) { // it still describes its field
            old.replaceChildren();
            old.className = '';
            old.hidden = true;
        }
        main.querySelectorAll('[aria-invalid]').forEach((old) => old.removeAttribute('aria-invalid'));
        const problem = element('div', { className: 'problem' },
            element('h2', {}, title), element('p', {}, detail));
        problem.setAttribute('role', 'alert');
        form.before(problem);
        document.title = `Error: ${document.title.replace(/^Error: /, '')}`;
        focus(problem);
    };

    const text_of = (parent, selector) => parent.querySelector(selector).textContent;

    const read_answer = (form, answer) => {
        const type = answer.getResponseHeader('Content-Type') ?? '';
        const text = answer.responseText;
        if (type.startsWith('text/html')) {
            const page = new DOMParser().parseFromString(text, 'text/html');
            const main = page.querySelector('main');
            /* The web server's own error page has no form: its text is shown above this one. */
            const problem = main?.dataset.problem;
            if (problem) return () => show_problem(form, text_of(main, 'h1'), problem);
            if (main) return () => show_page(page);
        }
        const problem = type.startsWith('application/problem+json') ? JSON.parse(text) : {};
        const title = String(problem.title ?? `The server answered with ${answer.status}`);
        const detail = String(problem.detail ?? 'Try again in a moment.');
        return () => show_problem(form, title, detail);
    };

    /*
     * Sends the form, and resolves when the answer is there. It doesn't use fetch, which has no upload
     * progress: a form with a file shows that in its <progress>. An upload that stalls for too long is
     * aborted.
     */
    const exchange = (request, form, data) => new Promise((answered, failed) => {
        const progress = form.querySelector('progress');
        const multipart = form.enctype === 'multipart/form-data';
        let timer = 0;
        const wait = () => {
            clearTimeout(timer);
            timer = setTimeout(() => request.abort(), PATIENCE_MS);
        };
        const show_sent = ({ loaded, total }) => {
            wait();
            if (!progress) return;
            progress.hidden = false;
            progress.value = loaded / total;
            if (loaded === total) progress.removeAttribute('value'); // now the server is working
        };
        request.open('POST', form.getAttribute('action'));
        request.setRequestHeader('Accept', 'text/html');
        if (form.dataset.prefer) request.setRequestHeader('Prefer', form.dataset.prefer);
        request.upload.addEventListener('progress', show_sent);
        request.addEventListener('load', answered);
        request.addEventListener('error', failed);
        request.addEventListener('abort', failed);
        request.addEventListener('loadend', () => {
            clearTimeout(timer);
            if (progress) progress.hidden = true;
        });
        wait();
        request.send(multipart ? data : new URLSearchParams(data));
    });

    const send = async (form, data) => {
        const request = new XMLHttpRequest();
        running?.abort();
        running = request;
        form.setAttribute('aria-busy', 'true');
        const show = await exchange(request, form, data).then(() => read_answer(form, request))
            .catch(() => () => show_problem(form, 'No answer',
                'The server did not answer. See that you are connected, and try again.'));
        if (running !== request) return; // a newer request has taken its place
        running = null;
        form.removeAttribute('aria-busy');
        show();
    };

    document.addEventListener('submit', (event) => {
        const form = event.target;
        const action = form.getAttribute('action');
        if (!form.closest('main') || form.getAttribute('method') !== 'post') return;
        if (last_part(action) !== last_part(location.href)) return;
        event.preventDefault();
        send(form, new FormData(form, event.submitter));
    });

    finish(document.querySelector('main'));
})();
