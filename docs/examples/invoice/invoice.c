/*
 * invoice.c - items in, totals out, exact to the cent.
 *
 * A price is whole cents and a rate tenths of a per cent, so nothing is a float. VAT is worked out
 * once for each rate, on the sum of its items, and rounded half up to a cent, as EN 16931 has it.
 */
#include <dime.h>

struct item {
    dime_text name;
    int64_t price, count, vat;
};
struct invoice {
    int currency;
    DIME_LIST_OF(struct item) items;
};
static const char *const CURRENCIES[] = {"EUR", "USD", "GBP", "CHF", NULL};
static const dime_field ITEM[] = {
    DIME_TEXT(struct item, name, .required = true, .max = 100),
    DIME_DECIMAL(struct item, price, .required = true, .places = 2, .max = 100000000),
    DIME_INTEGER(struct item, count, .min = 1, .max = 10000, .fallback = "1"),
    DIME_DECIMAL(struct item, vat, .required = true, .places = 1, .max = 1000),
};
static const dime_field INVOICE[] = {
    DIME_OBJECTS(struct invoice, items, struct item, ITEM, .required = true, .most = 200,
                 .help = "such as [{\"name\":\"Pen\",\"price\":1.20,\"count\":3,\"vat\":19}]"),
    DIME_CHOICE(struct invoice, currency, .choices = CURRENCIES, .fallback = "EUR"),
};

static void total(dime_call *call, const void *input)
{
    const struct invoice *invoice = input;
    int64_t nets[1001] = {0}, net = 0, vat = 0; /* the limits keep sums in 64 bits */
    dime_json *json = dime_answer(call, 200), *items = dime_put_array(json, "items");
    for (size_t i = 0; i < invoice->items.count; i++) {
        const struct item *item = &invoice->items.items[i];
        dime_json *line = dime_put_object(items, NULL);
        dime_put_text(line, "name", item->name);
        dime_put_decimal(line, "net", item->price * item->count, 2);
        nets[item->vat] += item->price * item->count;
    }
    dime_json *rates = dime_put_array(json, "rates");
    for (int64_t rate = 0; rate <= 1000; rate++) {
        if (!nets[rate])
            continue;
        int64_t rounded = (nets[rate] * rate + 500) / 1000;
        dime_json *line = dime_put_object(rates, NULL);
        dime_put_decimal(line, "rate", rate, 1);
        dime_put_decimal(line, "net", nets[rate], 2);
        dime_put_decimal(line, "vat", rounded, 2);
        net += nets[rate], vat += rounded;
    }
    dime_put_decimal(json, "net", net, 2);
    dime_put_decimal(json, "vat", vat, 2);
    dime_put_decimal(json, "total", net + vat, 2);
    dime_put_string(json, "currency", CURRENCIES[invoice->currency]);
}

DIME_FUNCTION(invoice, .summary = "Totals an invoice", DIME_INPUT(struct invoice, INVOICE),
              .effects = DIME_READS, .handle = total);
