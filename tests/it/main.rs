//! Both clients and the program against simulated systems over real HTTP.

mod xledger_client;
