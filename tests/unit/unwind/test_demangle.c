/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/demangle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static void becomes(const char *symbol, const char *expected)
{
	char name[DEMANGLE_MAX_BYTES];

	demangle(symbol, name);
	assert_string_equal(name, expected);
}

static void reads_cpp(void **state)
{
	(void)state;
	becomes("_ZN3foo3barEi", "foo::bar(int)");
	becomes("_ZN3foo3barEv.cold", "foo::bar() [clone .cold]");
	becomes("_ZNSt6vectorIiSaIiEE9push_backEOi",
		"std::vector<int, std::allocator<int> >::push_back(int&&)");
}

static void reads_rust(void **state)
{
	(void)state;
	becomes("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt");
	becomes("_RNvCs1234_7mycrate3foo", "mycrate::foo");
	becomes("_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
		"utf8_idents::\xe1\x83\xa1\xe1\x83\x90\xe1\x83\xad\xe1\x83\x9b\xe1\x83\x94\xe1\x83"
		"\x9a\xe1\x83\x90\xe1\x83\x93_\xe1\x83\x92\xe1\x83\x94\xe1\x83\x9b\xe1\x83\xa0\xe1"
		"\x83\x98\xe1\x83\x94\xe1\x83\x9a\xe1\x83\x98_\xe1\x83\xa1\xe1\x83\x90\xe1\x83\x93"
		"\xe1\x83\x98\xe1\x83\x9a\xe1\x83\x98");
}

static void reads_d_and_ada(void **state)
{
	(void)state;
	becomes("_D3foo3barFiZv", "foo.bar(int)");
	becomes("_ada_main", "main");
	becomes("ada__text_io__put_line", "ada.text_io.put_line");
	becomes("system__os_lib__spawn", "system.os_lib.spawn");
	becomes("my_pkg__run", "my_pkg__run");
}

static void reads_go(void **state)
{
	(void)state;
	becomes("gopkg.in/yaml%2ev3.(*Decoder).Decode", "gopkg.in/yaml.v3.(*Decoder).Decode");
	becomes("example.com/a%22b%c3%a9.f", "example.com/a\"b\xc3\xa9.f");
	becomes("main.(*table[go.shape.uint64]).count", "main.(*table[go.shape.uint64]).count");
	becomes("type:.eq.main.T", "type:.eq.main.T");
	becomes("100%", "100%");
	becomes("%2", "%2");
}

static void leaves_other_names_alone(void **state)
{
	(void)state;
	becomes("main", "main");
	becomes("", "");
	becomes("tcp_v4__rcv", "tcp_v4__rcv");
	becomes("_Zebra", "_Zebra");
	becomes("main.(*Server).Serve", "main.(*Server).Serve");
	becomes("_start", "_start");
}

static void takes_out_what_a_terminal_would_obey(void **state)
{
	(void)state;
	becomes("a\x1b[31mb\n\x7f", "a?[31mb??");
	becomes("c\xc2\x9bx", "c??x"); /* a control character in two bytes */
	becomes("\xff\xfe ok \xc3", "?? ok ?");
	becomes("\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9");
	becomes("\xed\xa0\x80", "???"); /* half of a surrogate pair */
	becomes("\xc0\xaf", "??");      /* longer than need be */
}

static void cuts_long_names_in_the_middle(void **state)
{
	char symbol[5000], name[DEMANGLE_MAX_BYTES];

	(void)state;
	memset(symbol, 'x', sizeof(symbol));
	memcpy(symbol, "start", 5);
	strcpy(symbol + sizeof(symbol) - 4, "end");
	demangle(symbol, name);
	assert_int_equal(strlen(name), DEMANGLE_MAX_BYTES - 1);
	assert_memory_equal(name, "startx", 6);
	assert_string_equal(name + strlen(name) - 4, "xend");
	assert_non_null(strstr(name, "x\xe2\x80\xa6x"));
}

static void never_cuts_a_character_in_two(void **state)
{
	char symbol[6001], name[DEMANGLE_MAX_BYTES];

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		memset(symbol, 'x', sizeof(symbol));
		for (size_t i = shift; i + 3 < sizeof(symbol); i += 3)
			memcpy(symbol + i, "\xe2\x82\xac", 3);
		symbol[sizeof(symbol) - 1] = '\0';
		demangle(symbol, name);
		assert_null(strchr(name, '?'));
	}
}

/* Each std::pair of the one before: a name of 2^40 bytes, from few. */
static void stops_a_name_that_explodes(void **state)
{
	char symbol[1024] = "_Z1fSt4pairIiiE", name[DEMANGLE_MAX_BYTES];
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	(void)state;
	for (size_t i = 0; i < 34; i++) {
		char again[] = "S_IS0_S0_E";

		again[4] = digits[i];
		again[7] = digits[i];
		strcat(symbol, again);
	}
	demangle(symbol, name);
	assert_true(strlen(name) < DEMANGLE_MAX_BYTES);
	assert_memory_equal(name, "f(std::pair<int, int>", 21);
}

/* Of a map of pairs of a vector of a map …, six deep: 367 bytes stand for 3.8 million. */
static void stops_a_name_that_a_compiler_has_made_explode(void **state)
{
	static const char symbol[] =
		"_Z1fRKSt3mapINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEESt5tupleIJS"
		"t6vectorIS_IS5_S6_IJS7_IS_IS5_S6_IJS7_IS_IS5_S6_IJS7_IS_IS5_S6_IJS7_IS_IS5_S"
		"6_IJS7_IiSaIiEEiEESt4lessIS5_ESaISt4pairIKS5_SA_EEESaISH_EESH_EESC_SaISD_ISE"
		"_SK_EEESaISN_EESN_EESC_SaISD_ISE_SQ_EEESaIST_EEST_EESC_SaISD_ISE_SW_EEESaISZ"
		"_EESZ_EESC_SaISD_ISE_S12_EEESaIS15_EES15_EESC_SaISD_ISE_S18_EEE";
	char name[DEMANGLE_MAX_BYTES];

	(void)state;
	demangle(symbol, name);
	assert_true(strlen(name) > DEMANGLE_MAX_BYTES / 2);
	assert_true(strlen(name) < DEMANGLE_MAX_BYTES);
	assert_memory_equal(name, "f(std::map<std::__cxx11::basic_string<char, ", 44);
	assert_non_null(strstr(name, "\xe2\x80\xa6"));
}

/* As many letters as a symbol table may have in one name. */
#define MANY 1000000

/* @start, then @part again and again, then @end; to be freed. */
static char *repeat(const char *start, const char *part, const char *end)
{
	char *symbol = malloc(MANY + 1), *next = stpcpy(symbol, start);

	assert_non_null(symbol);
	while (next + strlen(part) + strlen(end) <= symbol + MANY)
		next = stpcpy(next, part);
	stpcpy(next, end);
	return symbol;
}

static long peak_kilobytes(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

/* Each would need more stack than there is, more memory, or years. */
static void bounds_what_a_stranger_can_ask_of_it(void **state)
{
	static const char *const hostile[][3] = {
		{ "_D1f", "P", "v" },        /* pointers to pointers */
		{ "_D1f", "C1aF", "" },      /* each of which is read twice */
		{ "_D1f", "S213__T1a", "" }, /* or three times */
		{ "_D1f", "H", "" },
		{ "_D1fFB2ii", "B2QdQe", "Zv" }, /* twice what was twice what was … */
		{ "_D1f__T1aTB4000000000", "i", "Z" },
		{ "_Z1f", "P", "i" },
		{ "_Z1f", "F", "" },
		{ "_Z", "cvT_I", "" },
		{ "_Z1f", "1aIiERT_", "" },
		{ "_RNvC1a1bI", "R", "h" },
		{ "_RINvC1a1b", "TB9_B9_", "E" },
		{ "_RMINvC1a1bFG", "z", "_EuEC1a1c" },
		{ "ada__", "x__Oabs", "" },
	};
	long before = peak_kilobytes();

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		char *symbol = repeat(hostile[i][0], hostile[i][1], hostile[i][2]);
		char name[DEMANGLE_MAX_BYTES];

		for (size_t length = MANY; length > 16; length /= 3) {
			symbol[length] = '\0';
			assert_in_range(demangle(symbol, name), 1, sizeof(name) - 1);
		}
		free(symbol);
	}
	assert_in_range(peak_kilobytes() - before, 0, 65536); /* ASan keeps what was freed */
}

/* Write how far it is to @target, as D does. Returns where it ends. */
static char *refer(char *letters, const char *target)
{
	size_t distance = (size_t)(letters - target), weight = 1;

	*letters++ = 'Q';
	while (distance / weight >= 26)
		weight *= 26;
	for (; weight > 1; weight /= 26)
		*letters++ = (char)('A' + distance / weight % 26);
	*letters++ = (char)('a' + distance % 26);
	return letters;
}

/* A tuple of a name of 100,000 letters and the same again, in a tuple with itself, and so on. */
static void needs_no_memory_for_back_references(void **state)
{
	char *symbol = calloc(1, 110000), *next, *innermost, name[DEMANGLE_MAX_BYTES];
	long before;

	(void)state;
	assert_non_null(symbol);
	innermost = stpcpy(symbol, "_D1fFB2B2B2B2B2B2B2B2B2B2B2B2");
	next = stpcpy(innermost, "S100000");
	memset(next, 'a', 100000);
	next += 100000;
	for (size_t i = 0; i < 12; i++)
		next = refer(next, innermost - 2 * i);
	stpcpy(next, "Zv");
	before = peak_kilobytes();
	demangle(symbol, name);
	assert_memory_equal(name, "_D1fFB2B2", 9);
	assert_in_range(peak_kilobytes() - before, 0, 4096);
	free(symbol);
}

/* 1400 letters, as boost::spirit has them, are more than libiberty's own limit. */
static void reads_long_names_of_cpp(void **state)
{
	char symbol[8192 + 1] = "_Z3run", name[DEMANGLE_MAX_BYTES];

	(void)state;
	while (strlen(symbol) < 8192 - 32)
		strcat(symbol, "N3foo5actorIiSaIiEEE");
	demangle(symbol, name);
	assert_memory_equal(name, "run(foo::actor<int, std::allocator<int> >, foo::", 48);
	assert_string_equal(name + strlen(name) - 38, "foo::actor<int, std::allocator<int> >)");
}

static void says_which_part_or_copy_it_is_but_no_number(void **state)
{
	(void)state;
	becomes("_Z3foov.isra.0", "foo() [clone .isra.0]");
	becomes("_Z3foov.part.0.cold", "foo() [clone .part.0] [clone .cold]");
	becomes("foo.cold", "foo.cold");
	becomes("_Z3foov.llvm.1234567890", "foo()");
	becomes("foo.llvm.1234567890", "foo");
	becomes("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE.llvm.77",
		"core::fmt::Write::write_fmt");
	becomes("foo.llvm.", "foo.llvm.");
	becomes("foo.llvm.12x", "foo.llvm.12x");
}

static void leaves_what_no_library_reads(void **state)
{
	(void)state;
	becomes("$s4main3fooyyF", "$s4main3fooyyF");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_cpp),
		cmocka_unit_test(reads_rust),
		cmocka_unit_test(reads_d_and_ada),
		cmocka_unit_test(reads_go),
		cmocka_unit_test(leaves_other_names_alone),
		cmocka_unit_test(takes_out_what_a_terminal_would_obey),
		cmocka_unit_test(cuts_long_names_in_the_middle),
		cmocka_unit_test(never_cuts_a_character_in_two),
		cmocka_unit_test(stops_a_name_that_explodes),
		cmocka_unit_test(stops_a_name_that_a_compiler_has_made_explode),
		cmocka_unit_test(bounds_what_a_stranger_can_ask_of_it),
		cmocka_unit_test(needs_no_memory_for_back_references),
		cmocka_unit_test(reads_long_names_of_cpp),
		cmocka_unit_test(says_which_part_or_copy_it_is_but_no_number),
		cmocka_unit_test(leaves_what_no_library_reads),
	};

	return cmocka_run_group_tests_name("demangle", tests, NULL, NULL);
}
