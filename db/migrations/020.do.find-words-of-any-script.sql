-- Expand only: the tasks service of before runs on this schema. Migration 021 brings the terms of what was written before.

-- No write may be under way with the words of before, whose terms 021 would not see: this waits for those that are, and holds up
-- others for as long as the few statements below take. Reading goes on.
LOCK TABLE tasks.tasks IN SHARE ROW EXCLUSIVE MODE;

-- A text with the decimal digits of every script as those of ASCII. The digits of a script follow each other, from its zero on.
CREATE FUNCTION tasks.folded_digits(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = '' AS $$
DECLARE
  zeros CONSTANT integer[] := ARRAY[
    1632,1776,1984,2406,2534,2662,2790,2918,3046,3174,3302,3430,3558,3664,3792,3872,4160,4240,6112,6160,6470,6608,6784,6800,6992,7088,
    7232,7248,42528,43216,43264,43472,43504,43600,44016,66720,68912,68928,69734,69872,69942,70096,70384,70736,70864,71248,71360,71376,
    71386,71472,71904,72016,72688,72784,73040,73120,73184,73552,90416,92768,92864,93008,93552,123200,123632,124144,124401,125264];
  zero integer;
BEGIN
  LOOP
    zero := ascii(substring(given FROM '['
      '\u0660-\u0669\u06f0-\u06f9\u07c0-\u07c9\u0966-\u096f\u09e6-\u09ef\u0a66-\u0a6f\u0ae6-\u0aef\u0b66-\u0b6f\u0be6-\u0bef\u0c66-\u0c6f'
      '\u0ce6-\u0cef\u0d66-\u0d6f\u0de6-\u0def\u0e50-\u0e59\u0ed0-\u0ed9\u0f20-\u0f29\u1040-\u1049\u1090-\u1099\u17e0-\u17e9\u1810-\u1819'
      '\u1946-\u194f\u19d0-\u19d9\u1a80-\u1a89\u1a90-\u1a99\u1b50-\u1b59\u1bb0-\u1bb9\u1c40-\u1c49\u1c50-\u1c59\ua620-\ua629\ua8d0-\ua8d9'
      '\ua900-\ua909\ua9d0-\ua9d9\ua9f0-\ua9f9\uaa50-\uaa59\uabf0-\uabf9\U000104a0-\U000104a9\U00010d30-\U00010d39\U00010d40-\U00010d49'
      '\U00011066-\U0001106f\U000110f0-\U000110f9\U00011136-\U0001113f\U000111d0-\U000111d9\U000112f0-\U000112f9\U00011450-\U00011459'
      '\U000114d0-\U000114d9\U00011650-\U00011659\U000116c0-\U000116c9\U000116d0-\U000116d9\U000116da-\U000116e3\U00011730-\U00011739'
      '\U000118e0-\U000118e9\U00011950-\U00011959\U00011bf0-\U00011bf9\U00011c50-\U00011c59\U00011d50-\U00011d59\U00011da0-\U00011da9'
      '\U00011de0-\U00011de9\U00011f50-\U00011f59\U00016130-\U00016139\U00016a60-\U00016a69\U00016ac0-\U00016ac9\U00016b50-\U00016b59'
      '\U00016d70-\U00016d79\U0001e140-\U0001e149\U0001e2f0-\U0001e2f9\U0001e4f0-\U0001e4f9\U0001e5f1-\U0001e5fa\U0001e950-\U0001e959'
      ']'));
    IF zero IS NULL THEN RETURN given; END IF;
    zero := zeros[width_bucket(zero, zeros)];
    given := translate(given, concat(chr(zero), chr(zero + 1), chr(zero + 2), chr(zero + 3), chr(zero + 4), chr(zero + 5), chr(zero + 6), chr(zero + 7),
      chr(zero + 8), chr(zero + 9)), '0123456789');
  END LOOP;
END $$;

-- The words of a text as they are compared, with a space between them. Which marks and numbers are no [:alnum:] differs from one
-- locale to the other, so they are named: a vowel sign or a tone mark belongs to its word. What cannot be seen in a word (soft
-- hyphens, joiners, variation selectors) is left out of it.
CREATE FUNCTION tasks.words_apart(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  folded text := tasks.folded(given);
BEGIN
  -- Latin, Greek and Cyrillic have none of all that.
  IF NOT pg_catalog.regexp_like(folded, '[\u00ad\u0483-\u1fff\u200c-\u200f\u202a-\u202e\u2060-\U0010ffff]') THEN
    RETURN pg_catalog.regexp_replace(folded, '[^[:alnum:]]+', ' ', 'g');
  END IF;
  RETURN tasks.folded_digits(pg_catalog.regexp_replace(
    pg_catalog.regexp_replace(folded, '[\u00ad\u061c\u180b-\u180d\u180f\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0001-\U000e01ef]', '', 'g'),
    '[^[:alnum:]'
    '\u0483-\u0489\u0591-\u05af\u0658-\u0669\u06df-\u06e0\u06ea-\u06f9\u0740-\u07f3\u07fd\u0818-\u082d\u0859-\u085b\u0898-\u08e1\u08ea-\u0954'
    '\u0966-\u096f\u09bc-\u09ef\u09f4-\u09f9\u09fe-\u0a6f\u0abc-\u0aef\u0afd-\u0b6f\u0b72-\u0bf2\u0c3c-\u0c6f\u0c78-\u0c7e\u0cbc-\u0d4d'
    '\u0d58-\u0d78\u0dca-\u0def\u0e47-\u0e4e\u0e50-\u0e59\u0eba-\u0ed9\u0f18-\u0f19\u0f20-\u0f33\u0f35\u0f37\u0f39\u0f3e-\u0f84\u0f86-\u0f87'
    '\u0fc6\u1037-\u1049\u1090-\u1099\u135d-\u135f\u1369-\u137c\u1714-\u1734\u17b4-\u17d3\u17dd-\u17f9\u180e-\u193b\u1946-\u19da\u1a60-\u1a99'
    '\u1b34-\u1b44\u1b50-\u1b59\u1b6b-\u1b73\u1baa-\u1bf3\u1c37\u1c40-\u1c59\u1cd0-\u1cd2\u1cd4-\u1cf9\u24eb-\u24ff\u2776-\u2793\u2cef-\u2cf1'
    '\u2cfd\u2d7f\u302a-\u302f\u3099-\u309a\u3248-\u324f\ua620-\ua672\ua67c-\ua67d\ua6f0-\ua6f1\ua806\ua82c-\ua835\ua8c4\ua8d0-\ua8f1'
    '\ua900-\ua92d\ua953\ua9b3-\ua9c0\ua9d0-\ua9d9\ua9f0-\uaa59\uaabf-\uaac1\uaaf6\uabec-\uabf9\U00010107-\U00010133\U00010175-\U00010178'
    '\U0001018a-\U0001018b\U000101fd-\U00010323\U000104a0-\U000104a9\U00010858-\U0001085f\U00010879-\U0001091b\U000109bc-\U00010a48'
    '\U00010a7d-\U00010a7e\U00010a9d-\U00010a9f\U00010ae5-\U00010aef\U00010b58-\U00010b7f\U00010ba9-\U00010d6d\U00010e60-\U00010e7e'
    '\U00010efd-\U00010f54\U00010f82-\U00010f85\U00010fc5-\U00011046\U00011052-\U000110ba\U000110f0-\U0001113f\U00011173\U000111c0'
    '\U000111c9-\U000111cc\U000111d0-\U000111d9\U000111e1-\U00011236\U000112e9-\U000113d2\U000113e1-\U00011446\U00011450-\U00011459'
    '\U0001145e-\U000114c3\U000114d0-\U000115c0\U0001163f\U00011650-\U00011659\U000116b6-\U000116b7\U000116c0-\U0001173b\U00011839-\U0001183a'
    '\U000118e0-\U00011943\U00011950-\U000119e0\U00011a33-\U00011a34\U00011a47-\U00011a99\U00011bf0-\U00011c3f\U00011c50-\U00011c6c'
    '\U00011d42-\U00011de9\U00011f41-\U00011f42\U00011f50-\U00011fd4\U00013440-\U00016a69\U00016ac0-\U00016af4\U00016b30-\U00016b36'
    '\U00016b50-\U00016b61\U00016d70-\U00016e96\U00016fe4\U0001bc9d\U0001cf00-\U0001cf46\U0001d165-\U0001d169\U0001d16d-\U0001d172'
    '\U0001d17b-\U0001d182\U0001d185-\U0001d18b\U0001d1aa-\U0001d1ad\U0001d242-\U0001d244\U0001d2c0-\U0001d2f3\U0001d360-\U0001d378'
    '\U0001da00-\U0001da36\U0001da3b-\U0001da6c\U0001da75\U0001da84\U0001da9b-\U0001e149\U0001e2ae-\U0001e2f9\U0001e4ec-\U0001e5fa'
    '\U0001e8c7-\U0001e959\U0001ec71-\U0001ecab\U0001ecad-\U0001ecaf\U0001ecb1-\U0001ed2d\U0001ed2f-\U0001ed3d\U0001f10b-\U0001f10c'
    ']+', ' ', 'g'));
END $$;

-- Still of one expression without a search_path of its own, so that it is inlined: what is ASCII needs nothing of the above.
CREATE OR REPLACE FUNCTION tasks.words_of(given text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN string_to_array(btrim(CASE WHEN octet_length(given) = char_length(given)
    THEN regexp_replace(lower(given COLLATE "C"), '[^a-z0-9]+', ' ', 'g') ELSE tasks.words_apart(given) END), ' ')::varchar(60)[]::text[];

REVOKE EXECUTE ON FUNCTION tasks.folded_digits(text), tasks.words_apart(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tasks.folded_digits(text), tasks.words_apart(text) TO tasks_service;
