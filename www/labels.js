/*
 * labels.js - extends the upload on the labels page: a picture may be dropped, pasted or photographed
 * too, it's shown at once, and its labels highlight their boxes.
 *
 * dime.js sends the form and shows the answer. The request asks the server to leave the picture out
 * (data-prefer), since this page has it and puts it into the answer. A picture that is too large, or of
 * a type that the server doesn't support, is converted here if the browser can read it. The form refuses
 * anything else, such as a text or a folder, at once.
 */
'use strict';

(() => {
    const MEBIBYTE = 1024 * 1024;
    const LARGEST = 8 * MEBIBYTE;
    const SIDE = 2048; // pixels of a converted picture
    const TAKEN = ['image/jpeg', 'image/png'];
    let chosen = null; // the File
    let kept = null; // the row of labels that stays highlighted
    let shown = ''; // its address, for an <img>

    const find = (selector) => document.querySelector(selector);

    const element = (name, properties, ...children) => {
        const made = Object.assign(document.createElement(name), properties);
        made.append(...children);
        return made;
    };

    /* Shows what is wrong with the chosen file at its field, until another one is chosen. */
    const show_error = (what) => {
        clear_error();
        find('#image').setAttribute('aria-invalid', 'true');
        const error = find('#image-error');
        Object.assign(error, { className: 'error', hidden: false, textContent: what });
        error.setAttribute('role', 'alert');
    };

    const clear_error = () => {
        Object.assign(find('#image-error'), { className: '', hidden: true, textContent: '' });
        find('#image').removeAttribute('aria-invalid');
        if (find('[aria-invalid]')) return; // another field is still wrong
        find('.problem')?.remove();
        document.title = document.title.replace(/^Error: /, '');
    };

    /* The reason not to send a file that the browser can't read as a picture. */
    const reason = (file) => (TAKEN.includes(file.type)
        ? `The file ${file.name} has ${(Math.ceil(file.size / MEBIBYTE * 10) / 10).toFixed(1)} MiB. `
            + 'Choose a picture of at most 8 MiB.'
        : `The file ${file.name} is no picture that can be read here. Choose a JPEG or a PNG.`);

    /* The file in a form that can be sent. Throws the reason if there is none. */
    const prepare = async (file) => {
        await file.slice(0, 1).arrayBuffer().catch(() => {
            throw new Error(`Nothing can be read from ${file.name}. Choose a picture, and no folder.`);
        });
        if (!file.size) throw new Error(`The file ${file.name} is empty. Choose another picture.`);
        if (TAKEN.includes(file.type) && file.size <= LARGEST) return file;
        const bitmap = await createImageBitmap(file).catch(() => null);
        if (!bitmap) throw new Error(reason(file));
        const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
        const canvas = element('canvas', {
            width: Math.max(1, Math.round(bitmap.width * scale)),
            height: Math.max(1, Math.round(bitmap.height * scale)),
        });
        const drawing = canvas.getContext('2d');
        drawing.fillStyle = '#fff';
        drawing.fillRect(0, 0, canvas.width, canvas.height);
        drawing.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
        const blob = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', 0.9); });
        const name = `${file.name.replace(/\.[^.]*$/, '')}.jpg`;
        if (!blob) throw new Error(reason(file));
        return new File([blob], name, { type: 'image/jpeg' });
    };

    const size_of = (file) => (file.size < 1e6 ? `${Math.ceil(file.size / 1e3)} kB`
        : `${(file.size / MEBIBYTE).toFixed(1)} MiB`);

    /* Shows the chosen picture in the form, and puts it into the form's input. */
    const show_chosen = (with_picture) => {
        const files = new DataTransfer();
        files.items.add(chosen);
        find('#image').files = files.files;
        const preview = find('.preview');
        preview.replaceChildren(`${chosen.name}, ${size_of(chosen)}`);
        if (!with_picture) return;
        const image = element('img', { src: shown, alt: '' });
        image.addEventListener('error', () => { // it's sent anyway, and the server decides
            if (!image.isConnected) return;
            image.remove();
            if (!find('#image-error').textContent) show_error(`The file ${chosen.name} can't be read as a picture. Choose another one.`);
        });
        preview.prepend(image);
    };

    const forget = () => {
        URL.revokeObjectURL(shown);
        chosen = null;
        shown = '';
        find('#image').value = '';
        find('.preview').replaceChildren();
    };

    /* Takes a file into the form. False: it can't be sent, and the form says why. */
    const choose = async (file) => {
        if (!file) return false;
        try {
            const ready = await prepare(file);
            forget();
            chosen = ready;
            shown = URL.createObjectURL(chosen);
            clear_error();
            show_chosen(true);
        } catch (error) {
            forget();
            show_error(error.message);
        }
        return Boolean(chosen);
    };

    /* A button for a phone's camera, which the file input offers only one step later. */
    const make_camera = () => {
        const input = element('input', { type: 'file', accept: 'image/*' });
        input.setAttribute('capture', 'environment');
        input.addEventListener('change', () => choose(input.files[0]));
        return element('label', { className: 'camera' }, input, 'Take a photo');
    };

    const dress_form = () => {
        const input = find('#image');
        const touch = matchMedia('(pointer: coarse)').matches;
        input.accept = 'image/*';
        input.addEventListener('change', () => choose(input.files[0]));
        find('#image-hint').append(touch ? '' : ' You can drop one anywhere here, or paste one.');
        if (touch) input.after(make_camera());
        const preview = element('p', { className: 'preview' });
        preview.setAttribute('role', 'status');
        find('.drop').append(preview);
    };

    const dress = () => {
        dress_form();
        dress_labels();
        const picture = find('.picture img');
        if (chosen) show_chosen(!picture);
        if (picture && chosen && !picture.hasAttribute('src')) picture.src = shown;
    };

    /* The label's row that an element is in, or whose box it is. */
    const row_of = (one) => {
        const near = one?.closest?.('.labels li[data-boxes], .boxes g');
        return near?.matches('g') ? find(`.labels li:nth-child(${Number(near.id.split('-')[1]) + 1})`) : near;
    };

    /* Highlights the label under the pointer, else the one with the focus, else the kept one, and its boxes. */
    const light = (target) => {
        const focused = document.activeElement;
        const lit = row_of(target) ?? (focused?.matches(':focus-visible') ? row_of(focused) : null) ?? kept;
        for (const row of document.querySelectorAll('.labels li')) row.classList.toggle('lit', row === lit);
        for (const group of document.querySelectorAll('.boxes g'))
            group.classList.toggle('lit', group.id === lit?.dataset.boxes);
    };

    /* Keeps a label highlighted until the next choice. Scrolls to the picture only if it's out of sight. */
    const keep = (row) => {
        kept = row === kept ? null : row;
        for (const button of document.querySelectorAll('.labels button'))
            button.setAttribute('aria-pressed', String(button.closest('li') === kept));
        light(null);
        if (!kept) return;
        const { top, bottom } = find(`#${kept.dataset.boxes}`).getBoundingClientRect();
        if (Math.min(bottom, innerHeight) - Math.max(top, 0) < (bottom - top) / 2)
            find('.picture').scrollIntoView({ block: 'nearest' });
    };

    /* Without a script a label links to its boxes; here it's a switch, and the page doesn't scroll. */
    const dress_labels = () => {
        kept = null;
        for (const link of document.querySelectorAll('.labels a.name')) {
            const button = element('button', { type: 'button', className: 'name' }, ...link.childNodes);
            button.setAttribute('aria-pressed', 'false');
            link.replaceWith(button);
        }
    };

    const label_sample = async (link) => {
        const name = link.pathname.split('/').pop();
        const answer = await fetch(link.href).catch(() => null);
        if (!answer?.ok) {
            location.assign(link.href);
            return;
        }
        if (await choose(new File([await answer.blob()], name, { type: 'image/jpeg' })))
            find('form.upload').requestSubmit();
    };

    const drag = (event) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        find('.drop').classList.toggle('dragging', event.type === 'dragover');
        if (event.type === 'drop') choose(event.dataTransfer.files[0]);
    };

    for (const type of ['dragover', 'dragleave', 'drop']) document.addEventListener(type, drag);
    document.addEventListener('paste', (event) => {
        const file = [...event.clipboardData.files].find((one) => one.type.startsWith('image/'));
        if (!file) return;
        event.preventDefault();
        choose(file);
    });
    document.addEventListener('click', (event) => {
        const link = event.target.closest('.samples a');
        const row = row_of(event.target);
        if (row || kept) keep(row ?? kept);
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        label_sample(link);
    });
    document.addEventListener('keydown', (event) => {
        if (event.key === 'Escape' && kept) keep(kept);
    });
    /* A finger doesn't hover: it chooses. */
    document.addEventListener('pointerover', (event) => light(event.pointerType === 'touch' ? null : event.target));
    for (const type of ['focusin', 'focusout']) document.addEventListener(type, () => light(null));
    document.addEventListener('dime:shown', dress);
    dress();
})();
