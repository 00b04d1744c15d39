/*
 * Every text for people goes through _( ), whole sentences and no fragments;
 * N_( ) marks one in a table, which is then put through _( ) where it is
 * printed. JSON, CSV and option names never do.
 */
#ifndef CLIENTS_TEXT_LANG_H
#define CLIENTS_TEXT_LANG_H

#ifndef _
#define _(s) (s)
#endif
#ifndef N_
#define N_(s) (s)
#endif

#endif
