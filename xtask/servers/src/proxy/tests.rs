use std::io::ErrorKind;

use super::*;

/// A server that answers each byte with its own number, and returns its port.
fn server(number: u8) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            thread::spawn(move || {
                while let Ok(1) = client.read(&mut [0]) {
                    client.write_all(&[number]).unwrap();
                }
            });
        }
    });
    port
}

fn client(proxy: &Proxy) -> TcpStream {
    let client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
    client.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    client
}

fn ask(client: &mut TcpStream) -> std::io::Result<u8> {
    client.write_all(b"?")?;
    let mut answer = [0];
    client.read_exact(&mut answer)?;
    Ok(answer[0])
}

#[track_caller]
fn assert_over(answer: std::io::Result<u8>) {
    let error = answer.unwrap_err();
    let over = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof];
    assert!(over.contains(&error.kind()), "{error:?}");
}

#[test]
fn an_address_that_moves_leaves_open_connections_where_they_are() {
    let proxy = Proxy::to(server(1)).unwrap();
    let mut before = client(&proxy);
    assert_eq!(ask(&mut before).unwrap(), 1);
    proxy.move_to(server(2));
    assert_eq!(ask(&mut client(&proxy)).unwrap(), 2);
    assert_eq!(ask(&mut before).unwrap(), 1);
    proxy.drop_connections();
    assert_over(ask(&mut before));
}

#[test]
fn a_forgotten_connection_stays_open_and_says_nothing() {
    let proxy = Proxy::to(server(1)).unwrap();
    let mut before = client(&proxy);
    assert_eq!(ask(&mut before).unwrap(), 1);
    proxy.forget_connections();
    for _ in 0..2 {
        assert_eq!(ask(&mut before).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
    assert_eq!(ask(&mut client(&proxy)).unwrap(), 1);
}

#[test]
fn a_host_that_sleeps_answers_once_it_has_woken_up() {
    let proxy = Proxy::to(server(1)).unwrap();
    let mut before = client(&proxy);
    assert_eq!(ask(&mut before).unwrap(), 1);
    proxy.fall_asleep(Duration::from_millis(500));
    assert_over(ask(&mut before));
    let mut first = client(&proxy);
    assert_eq!(ask(&mut first).unwrap_err().kind(), ErrorKind::WouldBlock);
    first.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = [0];
    first.read_exact(&mut answer).unwrap();
    assert_eq!(ask(&mut client(&proxy)).unwrap(), 1);
}

#[test]
fn a_network_that_is_cut_takes_nobody_until_it_is_mended() {
    let proxy = Proxy::to(server(1)).unwrap();
    proxy.cut();
    assert_over(ask(&mut client(&proxy)));
    proxy.mend();
    assert_eq!(ask(&mut client(&proxy)).unwrap(), 1);
    proxy.lose_answer(2);
    let mut losing = client(&proxy);
    assert_eq!(ask(&mut losing).unwrap(), 1);
    assert_over(ask(&mut losing));
    assert_eq!(proxy.round_trips(), RoundTrips { asked: 3, pinged: 0 });
}
