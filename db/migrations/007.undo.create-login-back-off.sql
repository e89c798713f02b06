DROP TABLE auth.login_back_offs;
