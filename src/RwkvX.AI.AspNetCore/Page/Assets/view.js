// Draws messages. Text goes into the page as text only, never as markup.

const number = new Intl.NumberFormat('en');

export const shown = value => number.format(value);

export function bytes(count) {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(count, 1)) / 3));
  return `${(count / 1000 ** unit).toFixed(unit > 1 ? 1 : 0)} ${units[unit]}`;
}

export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A message's element; its text is drawn by drawText. */
export function drawMessage(message) {
  const who = element('span', 'unseen', message.role === 'user' ? 'You: ' : 'Model: ');
  const item = element('li', `message ${message.role}`, who);
  if (message.documents?.length) item.append(element('ul', 'chips', ...message.documents.map(each => chip(each))));
  item.append(element('div', 'text'), element('p', 'state'), element('p', 'meta'));
  drawText(item, message);
  return item;
}

/** Draws what a message says by now. */
export function drawText(item, message) {
  const text = item.querySelector('.text');
  text.hidden = !message.text;
  if (message.thoughts) thoughtsOf(item).textContent = message.thoughts;
  if (message.isBusy || message.role === 'user') text.textContent = message.text;
  else text.replaceChildren(...format(message.text));
  item.classList.toggle('busy', !!message.isBusy);
  item.classList.toggle('failed', !!message.error);
  setText(item.querySelector('.state'), message.error ?? (message.isBusy && !message.text ? 'Reading…' : message.isStopped ? 'Stopped.' : ''));
  setText(item.querySelector('.meta'), message.meta ?? '');
}

/** A document's name and length. */
export function chip(each, remove) {
  const made = element('li', 'chip', icon('M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5'), element('span', '', each.name), element('small', '', bytes(each.text.length)));
  if (remove) {
    const button = element('button', '', icon('M6 6l12 12M18 6 6 18'));
    button.type = 'button';
    button.setAttribute('aria-label', `Leave ${each.name} out`);
    button.addEventListener('click', remove);
    made.append(button);
  }

  return made;
}

export function icon(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(svg.namespaceURI, 'path'));
  svg.firstChild.setAttribute('d', path);
  return svg;
}

function thoughtsOf(item) {
  return item.querySelector('.thoughts') ?? item.insertBefore(element('div', 'thoughts'), item.querySelector('.text'));
}

function setText(target, text) {
  target.hidden = !text;
  if (target.textContent !== text) target.textContent = text;
}

/** Fenced code, `code` and **weight**; everything else is as the model wrote it. */
function format(text) {
  return text.split(/^```[^\n]*\n([\s\S]*?)(?:^```[ \t]*$\n?|(?![\s\S]))/m).flatMap((part, index) =>
    index % 2 === 1 ? [element('pre', '', element('code', '', part.replace(/\n$/, '')))] : inline(part.replace(/^\n+|\n+$/g, '')));
}

function inline(text) {
  return text.split(/(`[^`\n]+`|\*\*[^*\n]+\*\*)/).filter(part => part).map(part =>
    part.length > 2 && part.startsWith('`') && part.endsWith('`') ? element('code', '', part.slice(1, -1))
      : part.length > 4 && part.startsWith('**') && part.endsWith('**') ? element('strong', '', part.slice(2, -2))
        : document.createTextNode(part));
}
