-- Orders that are hard to write as CSV.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    customer TEXT NOT NULL,
    note TEXT NOT NULL,
    cents INTEGER NOT NULL
);
INSERT INTO orders VALUES
    (1, '2026-01-05', 'Ada & Co', '', 1250),
    (2, '2026-01-05', 'Zoë, Łukasz', 'said "thanks", twice: ""', 0),
    (3, '2026-01-31', 'O''Neill', 'first line' || char(13, 10) || 'second line', -5),
    (4, '2026-02-01', '=HYPERLINK("https://example.org")', '@SUM(1)', 99999999999),
    (7, '2026-02-02', '+49 30 1234', '-', -123456),
    (9, '2026-02-02', 'bare
line', ' blank ', 7);
