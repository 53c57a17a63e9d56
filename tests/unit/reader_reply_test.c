/*
 * reader_reply_test.c - what the reader answers by itself: all that FastCGI has besides a request.
 *
 * The replies are those of the specification, and what is left is the request as if nothing else
 * had come.
 */
#include "hosts/fastcgi/reader.h"

#include <check.h>

#include "reader_feed.h"

Suite *reader_reply_suite(void);

/* Section 5.5: END_REQUEST with FCGI_UNKNOWN_ROLE; what else belongs to the request is passed over.
 */
START_TEST(another_role_is_refused)
{
    static const unsigned ROLES[] = {0, 2, 3, 4, 255, 256, 257, 65535};
    static const unsigned char UNKNOWN[8] = {[4] = 3};
    static struct bytes replies;
    record(3, UNKNOWN, sizeof UNKNOWN, 0);
    replies = made;
    setup();
    begin_as(ROLES[_i]);
    record(PARAMS, VARIABLE, VARIABLE_LENGTH, 2);
    end_of(PARAMS);
    end_of(STDIN);
    end_of(DATA);
    whole_request(0);
    expect_request(VARIABLE, "body", &replies);
}
END_TEST

START_TEST(another_role_without_keeping_ends_the_connection)
{
    static const unsigned char FILTER[8] = {0, 3, 0};
    record(BEGIN, FILTER, sizeof FILTER, 0);
    expect_everywhere(READING_ANSWERED);
    ck_assert_uint_eq(feed.reply_length, 16);
}
END_TEST

/* Puts what may come between a request's records, and makes what is to be replied. */
static void management(struct bytes *replies)
{
    static const unsigned char ASKED[] = "\x0F\x00"
                                         "FCGI_MPXS_CONNS\x80\x00\x00\x0E\x01"
                                         "FCGI_MAX_CONNSx\x05\x00"
                                         "OTHER\x0F\x00"
                                         "FCGI_MPXS_CONNS\x0E";
    static const unsigned char TOLD[] = "\x0E\x03"
                                        "FCGI_MAX_CONNS500\x0F\x01"
                                        "FCGI_MPXS_CONNS0";
    static const unsigned char TYPE[8] = {99};
    const struct bytes before = made;
    setup();
    id = 0;
    record(GET_VALUES + 1, TOLD, sizeof TOLD - 1, 0);
    record(11, TYPE, sizeof TYPE, 0);
    *replies = made;
    made = before;
    record(GET_VALUES, ASKED, sizeof ASKED - 1, 3);
    record(99, "whatever", 8, 1);
    id = 1;
}

START_TEST(management_records_are_answered_and_taken_out)
{
    static struct bytes replies;
    begin();
    if (_i)
        management(&replies);
    record(PARAMS, VARIABLE, VARIABLE_LENGTH, 4);
    end_of(PARAMS);
    record(STDIN, "body", 4, 4);
    if (!_i)
        management(&replies);
    end_of(STDIN);
    expect_request(VARIABLE, "body", &replies);
}
END_TEST

START_TEST(any_number_of_management_records_is_answered)
{
    id = 0;
    for (int i = 0; i < 5000; i++)
        record(200, NULL, 0, 0);
    ck_assert_int_eq(judge(made.length), READING_MORE);
    ck_assert_uint_eq(feed.reply_length, 5000 * 16);
    ck_assert_uint_eq(feed.input.length, 0);
}
END_TEST

START_TEST(get_values_may_be_empty_or_cut_short)
{
    static const unsigned char CUT_SHORT[] = "\x0F\x00"
                                             "FCGI_MPXS_CONN";
    id = 0;
    for (size_t length = 0; length < sizeof CUT_SHORT; length++)
        record(GET_VALUES, CUT_SHORT, length, 0);
    ck_assert_int_eq(judge(made.length), READING_MORE);
    ck_assert_uint_eq(feed.reply_length, 8 * sizeof CUT_SHORT);
}
END_TEST

/* The types of a request's records can't be a management record's. */
START_TEST(the_id_0_is_for_management)
{
    for (unsigned type = 0; type < 256; type++) {
        setup();
        id = 0;
        record(type, "12345678", 8, 0);
        ck_assert_int_eq(judge(made.length), type < GET_VALUES ? READING_BAD : READING_MORE);
    }
}
END_TEST

/* Section 5.4: the aborted request gets its END_REQUEST, and the next one may come. */
START_TEST(abort_ends_the_request)
{
    static const unsigned char COMPLETE[8] = {0};
    static struct bytes replies;
    record(3, COMPLETE, sizeof COMPLETE, 0);
    replies = made;
    setup();
    begin();
    if (_i > 0)
        record(PARAMS, VARIABLE, VARIABLE_LENGTH, 0);
    if (_i > 1)
        end_of(PARAMS);
    if (_i > 2)
        record(STDIN, "x", 1, 1);
    end_of(ABORT);
    end_of(STDIN); /* may have been on its way */
    whole_request(0);
    expect_request(VARIABLE, "body", &replies);
}
END_TEST

START_TEST(abort_without_keeping_ends_the_connection)
{
    static const unsigned char CONTENT[8] = {0, 1, 0};
    record(BEGIN, CONTENT, sizeof CONTENT, 0);
    end_of(ABORT);
    expect_everywhere(READING_ANSWERED);
    ck_assert_uint_eq(feed.reply_length, 16);
}
END_TEST

/* Nobody has begun it, or it has been answered. */
START_TEST(abort_of_no_request_is_passed_over)
{
    end_of(ABORT);
    whole_request(0);
    id = 2;
    end_of(ABORT);
    id = 1;
    end_of(ABORT);
    ck_assert_int_eq(judge(made.length), READING_WHOLE);
    ck_assert_uint_eq(feed.reply_length, 0);
}
END_TEST

/* Section 5.5: FCGI_CANT_MPX_CONN, and the first request goes on. */
START_TEST(a_second_request_is_refused)
{
    static const unsigned char CANT[8] = {[4] = 1};
    static struct bytes replies;
    id = 2;
    record(3, CANT, sizeof CANT, 0);
    replies = made;
    setup();
    begin();
    id = 2;
    begin();
    record(PARAMS, VARIABLE, VARIABLE_LENGTH, 7);
    id = 1;
    record(PARAMS, VARIABLE, VARIABLE_LENGTH, 0);
    end_of(PARAMS);
    id = 2;
    end_of(PARAMS);
    end_of(STDIN);
    id = 1;
    record(STDIN, "body", 4, 0);
    end_of(STDIN);
    expect_request(VARIABLE, "body", &replies);
    id = 2;
    end_of(ABORT);
    const size_t end = made.length;
    ck_assert_int_eq(judge(end - 1), READING_MORE); /* what lies behind is waited for */
    ck_assert_int_eq(judge(end), READING_WHOLE);
    check_request(VARIABLE, VARIABLE_LENGTH, "body", 4);
}
END_TEST

/* Section 3.3: records of a request that hasn't begun. */
START_TEST(another_id_within_is_passed_over)
{
    static const struct bytes NONE = {0};
    id = 257;
    end_of(PARAMS);
    end_of(STDOUT);
    id = 1;
    begin();
    id = 257;
    record(PARAMS, VARIABLE, 3, 0);
    id = 1;
    record(PARAMS, VARIABLE, VARIABLE_LENGTH, 0);
    end_of(PARAMS);
    id = 257;
    end_of(STDIN);
    id = 1;
    record(STDIN, "body", 4, 0);
    end_of(STDIN);
    expect_request(VARIABLE, "body", &NONE);
}
END_TEST

#define ADD(tests, test) tcase_add_test(tests, test)

Suite *reader_reply_suite(void)
{
    Suite *suite = suite_create("reader_reply");
    TCase *tests = tcase_create("reader_reply");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_loop_test(tests, another_role_is_refused, 0, 8);
    ADD(tests, another_role_without_keeping_ends_the_connection);
    tcase_add_loop_test(tests, management_records_are_answered_and_taken_out, 0, 2);
    ADD(tests, any_number_of_management_records_is_answered);
    ADD(tests, get_values_may_be_empty_or_cut_short);
    ADD(tests, the_id_0_is_for_management);
    tcase_add_loop_test(tests, abort_ends_the_request, 0, 4);
    ADD(tests, abort_without_keeping_ends_the_connection);
    ADD(tests, abort_of_no_request_is_passed_over);
    ADD(tests, a_second_request_is_refused);
    ADD(tests, another_id_within_is_passed_over);
    suite_add_tcase(suite, tests);
    return suite;
}
